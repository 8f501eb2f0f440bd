using System.Globalization;

namespace ZeroCopy.Node.Predict;

/// <summary>
/// Finds the value for each argument. By name where one of the names is an argument's, or an argument's with a part behind a dot, and
/// then all must be; else by position where all are called <c>INPUT__0</c>, <c>INPUT__1</c> and so on; else in their order, if there is
/// one, or only one value.
/// </summary>
internal static class ArgumentBinder
{
    private const string Position = "INPUT__";

    /// <summary>
    /// One element an argument, in the form that <see cref="InputValue.As"/> returns, <see cref="Type.Missing"/> for one that is left
    /// out.
    /// </summary>
    /// <exception cref="InputMismatchException">
    /// A value has no argument or is not of its type, or an argument has no value; all of them are named.
    /// </exception>
    public static object?[] Bind(IReadOnlyList<CallParameter> parameters, CallInputs inputs)
    {
        var values = inputs.Values;
        if (values.Any(value => Target(parameters, value.Name) is not null))
        {
            return ByName(parameters, values);
        }

        if (values.Count > 0 && values.All(value => PositionOf(value.Name) is not null))
        {
            return ByPosition(parameters, values);
        }

        return inputs.IsOrdered || values.Count <= 1
            ? ByOrder(parameters, values)
            : throw new InputMismatchException(
                $"The input has {List(values)}, in an order that is its writer's, and none is an argument's name; the model takes "
                + $"{Describe(parameters)}. Call the tensors so, or by their positions {Position}0, {Position}1, …");
    }

    // The argument that a value is for, or is a part of.
    private static CallParameter? Target(IReadOnlyList<CallParameter> parameters, string? name) =>
        parameters.FirstOrDefault(parameter => parameter.Name == name)
        ?? (name?.Split('.', 2) is [var whole, _]
            ? parameters.FirstOrDefault(parameter => parameter.Name == whole && PartInput.HasParts(parameter.Type))
            : null);

    private static object?[] ByName(IReadOnlyList<CallParameter> parameters, IReadOnlyList<NamedInput> values)
    {
        var given = values.ToLookup(value => Target(parameters, value.Name)?.Name ?? "");
        return Finish(parameters, given[""], parameters.Select(parameter => given[parameter.Name].ToList() switch
        {
            [] => null,
            [var whole] when whole.Name == parameter.Name => whole.Value,
            var parts when parts.TrueForAll(part => part.Name != parameter.Name) =>
                new PartInput([.. parts.Select(part => part with { Name = part.Name![(parameter.Name.Length + 1)..] })]),
            _ => throw new InputMismatchException($"The input has '{parameter.Name}' whole and in parts."),
        }));
    }

    private static object?[] ByPosition(IReadOnlyList<CallParameter> parameters, IReadOnlyList<NamedInput> values)
    {
        var given = values.ToLookup(value => PositionOf(value.Name)!.Value);
        return Finish(
            parameters,
            given.Where(group => group.Key >= parameters.Count).SelectMany(group => group),
            parameters.Select((_, index) => given[index].FirstOrDefault()?.Value));
    }

    // A number without zeros before it, so that a position has one name only.
    private static int? PositionOf(string? name) =>
        name is not null && name.StartsWith(Position, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(Position.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
        && name.Length == Position.Length + position.ToString(CultureInfo.InvariantCulture).Length
            ? position : null;

    private static object?[] ByOrder(IReadOnlyList<CallParameter> parameters, IReadOnlyList<NamedInput> values)
    {
        var required = parameters.Count(parameter => !parameter.IsOptional);
        if (values.Count < required || values.Count > parameters.Count)
        {
            var given = values.Count == 0 ? "no tensor" : $"{values.Count} tensor{(values.Count == 1 ? "" : "s")} ({List(values)})";
            throw new InputMismatchException($"The input has {given}; the model takes {Describe(parameters)}.");
        }

        return Finish(parameters, [], parameters.Select((_, index) => index < values.Count ? values[index].Value : null));
    }

    private static object?[] Finish(
        IReadOnlyList<CallParameter> parameters, IEnumerable<NamedInput> unknown, IEnumerable<InputValue?> values)
    {
        var given = values.ToList();
        var surplus = unknown.ToList();
        var missing = parameters.Where((parameter, index) => given[index] is null && !parameter.IsOptional).ToList();
        if (surplus.Count + missing.Count > 0)
        {
            var problems = new[]
            {
                surplus.Count > 0 ? $"has {List(surplus)}, which the model does not take" : null,
                missing.Count > 0 ? $"lacks {string.Join(", ", missing.Select(parameter => $"'{parameter.Name}'"))}" : null,
            };
            throw new InputMismatchException(
                $"The input {string.Join(", and ", problems.OfType<string>())}; the model takes {Describe(parameters)}.");
        }

        return [.. parameters.Zip(given, (parameter, value) => value is null ? Type.Missing : value.As(parameter.Type, parameter.Name))];
    }

    private static string List(IEnumerable<NamedInput> values) =>
        string.Join(", ", values.Select(value => value.Name is { } name ? $"'{name}'" : "without a name"));

    private static string Describe(IReadOnlyList<CallParameter> parameters) => parameters.Count == 0
        ? "nothing"
        : string.Join(", ", parameters.Select(parameter => $"'{parameter.Name}'{(parameter.IsOptional ? " (optional)" : "")}"));
}
