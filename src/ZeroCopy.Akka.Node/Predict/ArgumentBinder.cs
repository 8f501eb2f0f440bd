using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Predict;

/// <summary>
/// Finds the tensor for each argument: by name where one of the names is an argument's, and then all must be; else in the order of
/// the file.
/// </summary>
internal static class ArgumentBinder
{
    /// <summary>One element an argument, null for one that is left out.</summary>
    /// <exception cref="InputMismatchException">A tensor has no argument, or an argument no tensor; all of them are named.</exception>
    public static HostTensor?[] Bind(IReadOnlyList<CallParameter> parameters, IReadOnlyList<NamedTensor> tensors)
    {
        var byName = tensors.Any(tensor => parameters.Any(parameter => parameter.Name == tensor.Name));
        return byName ? BindByName(parameters, tensors) : BindByOrder(parameters, tensors);
    }

    private static HostTensor?[] BindByName(IReadOnlyList<CallParameter> parameters, IReadOnlyList<NamedTensor> tensors)
    {
        var given = tensors.ToDictionary(tensor => tensor.Name ?? "", tensor => tensor.Tensor);
        var unknown = given.Keys.Except(parameters.Select(parameter => parameter.Name)).ToList();
        var missing = parameters.Where(parameter => !parameter.IsOptional && !given.ContainsKey(parameter.Name))
            .Select(parameter => parameter.Name).ToList();
        if (unknown.Count + missing.Count > 0)
        {
            var problems = new[]
            {
                unknown.Count > 0 ? $"has {List(unknown)}, which the model does not take" : null,
                missing.Count > 0 ? $"lacks {List(missing)}" : null,
            };
            throw new InputMismatchException(
                $"The input {string.Join(", and ", problems.OfType<string>())}; the model takes {Describe(parameters)}.");
        }

        return [.. parameters.Select(parameter => given.GetValueOrDefault(parameter.Name))];
    }

    private static HostTensor?[] BindByOrder(IReadOnlyList<CallParameter> parameters, IReadOnlyList<NamedTensor> tensors)
    {
        var required = parameters.Count(parameter => !parameter.IsOptional);
        if (tensors.Count < required || tensors.Count > parameters.Count)
        {
            var given = tensors.Count == 0 ? "no tensor"
                : $"{tensors.Count} tensor{(tensors.Count == 1 ? "" : "s")} ({List(tensors.Select(tensor => tensor.Name ?? "without a name"))})";
            throw new InputMismatchException($"The input has {given}; the model takes {Describe(parameters)}.");
        }

        return [.. parameters.Select((_, index) => index < tensors.Count ? tensors[index].Tensor : null)];
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));

    private static string Describe(IReadOnlyList<CallParameter> parameters) => parameters.Count == 0
        ? "nothing"
        : string.Join(", ", parameters.Select(parameter => $"'{parameter.Name}'{(parameter.IsOptional ? " (optional)" : "")}"));
}
