using System.Globalization;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Finds what is given for each argument. By name where one of the names is an argument's, or an argument's with a part behind a dot, and
/// then all must be; else by position where all are called <c>INPUT__0</c>, <c>INPUT__1</c> and so on; else in their order, if there is
/// one, or only one value.
/// </summary>
internal static class ArgumentBinder
{
    /// <summary>What stands before the number in a name that says a position.</summary>
    public const string Position = "INPUT__";

    /// <summary>For each argument what is given for it; empty for one that is left out.</summary>
    /// <param name="method">The method.</param>
    /// <param name="inputs">The values with their names; empty for one without.</param>
    /// <param name="isOrdered">Whether the order of the values says anything.</param>
    /// <exception cref="InputMismatchException">A value has no argument, or an argument has no value; all of them are named.</exception>
    public static ArgumentPart<T>[][] Assign<T>(CallMethod method, IReadOnlyList<NamedValue<T>> inputs, bool isOrdered)
    {
        if (AreArguments(method, inputs))
        {
            var all = new ArgumentPart<T>[inputs.Count][];
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = [new ArgumentPart<T>("", inputs[i].Value)];
            }

            return all;
        }

        if (inputs is [var only] && method.Inputs.Length == 1 && TargetOf(method, only.Name) < 0 && PositionOf(only.Name) is null)
        {
            return [[new ArgumentPart<T>("", only.Value)]];
        }

        var names = inputs.Select(input => input.Name).Where(name => name.Length > 0);
        if (inputs.Count > 1 && names.CountBy(name => name).FirstOrDefault(name => name.Value > 1) is { Key: { } twice })
        {
            throw new InputMismatchException($"The input has '{twice}' twice.");
        }

        if (inputs.Any(input => TargetOf(method, input.Name) >= 0))
        {
            return ByName(method, inputs);
        }

        if (inputs.Count > 0 && inputs.All(input => PositionOf(input.Name) is not null))
        {
            return ByPosition(method, inputs);
        }

        return isOrdered || inputs.Count <= 1
            ? ByOrder(method, inputs)
            : throw new InputMismatchException(
                $"The input has {List(inputs)}, in an order that is its writer's, and none is an argument's name; the model takes "
                + $"{method.Describe()}. Call the tensors so, or by their positions {Position}0, {Position}1, …");
    }

    /// <summary>Whether the values are the arguments themselves, by their names and in their order, as most calls give them.</summary>
    private static bool AreArguments<T>(CallMethod method, IReadOnlyList<NamedValue<T>> inputs)
    {
        if (inputs.Count != method.Inputs.Length)
        {
            return false;
        }

        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Name != method.Inputs[i].Name)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The place of the argument that a value is for, or is a part of; -1 where there is none.</summary>
    private static int TargetOf(CallMethod method, string name)
    {
        var inputs = method.Inputs;
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Name == name)
            {
                return i;
            }
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            var whole = inputs[i].Name;
            if (name.Length > whole.Length && name[whole.Length] == '.' && name.StartsWith(whole, StringComparison.Ordinal)
                && ArgumentParts.Has(method.Types[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static ArgumentPart<T>[][] ByName<T>(CallMethod method, IReadOnlyList<NamedValue<T>> inputs)
    {
        var given = inputs.ToLookup(input => TargetOf(method, input.Name));
        var parts = method.Inputs.Select((argument, index) => given[index].Select(
            input => new ArgumentPart<T>(PartOf(input.Name, argument.Name), input.Value)).ToArray());
        return Finish(method, given[-1], [.. parts]);

        static string PartOf(string name, string argument) => name.Length == argument.Length ? "" : name[(argument.Length + 1)..];
    }

    private static ArgumentPart<T>[][] ByPosition<T>(CallMethod method, IReadOnlyList<NamedValue<T>> inputs)
    {
        var given = inputs.ToLookup(input => PositionOf(input.Name)!.Value);
        return Finish(
            method,
            given.Where(group => group.Key >= method.Inputs.Length).SelectMany(group => group),
            [.. method.Inputs.Select((_, index) => Whole(given[index]))]);
    }

    // A number without zeros before it, so that a position has one name only.
    private static int? PositionOf(string name) =>
        name.StartsWith(Position, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(Position.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
        && name.Length == Position.Length + position.ToString(CultureInfo.InvariantCulture).Length
            ? position : null;

    private static ArgumentPart<T>[][] ByOrder<T>(CallMethod method, IReadOnlyList<NamedValue<T>> inputs)
    {
        var required = method.Inputs.Count(argument => !argument.IsOptional);
        if (inputs.Count < required || inputs.Count > method.Inputs.Length)
        {
            var given = inputs.Count == 0 ? "no tensor" : $"{inputs.Count} tensor{(inputs.Count == 1 ? "" : "s")} ({List(inputs)})";
            throw new InputMismatchException($"The input has {given}; the model takes {method.Describe()}.");
        }

        return Finish(method, [], [.. method.Inputs.Select((_, index) => Whole(inputs.Skip(index).Take(1)))]);
    }

    private static ArgumentPart<T>[] Whole<T>(IEnumerable<NamedValue<T>> values) =>
        [.. values.Select(value => new ArgumentPart<T>("", value.Value))];

    private static ArgumentPart<T>[][] Finish<T>(CallMethod method, IEnumerable<NamedValue<T>> unknown, ArgumentPart<T>[][] given)
    {
        var surplus = unknown.ToList();
        var missing = method.Inputs.Where((argument, index) => given[index].Length == 0 && !argument.IsOptional).ToList();
        if (surplus.Count + missing.Count > 0)
        {
            var problems = new[]
            {
                surplus.Count > 0 ? $"has {List(surplus)}, which the model does not take" : null,
                missing.Count > 0 ? $"lacks {string.Join(", ", missing.Select(argument => $"'{argument.Name}'"))}" : null,
            };
            throw new InputMismatchException(
                $"The input {string.Join(", and ", problems.OfType<string>())}; the model takes {method.Describe()}.");
        }

        foreach (var (argument, parts) in method.Inputs.Zip(given))
        {
            if (parts.Length > 1 && parts.Any(part => part.Name.Length == 0))
            {
                throw new InputMismatchException($"The input has '{argument.Name}' whole and in parts.");
            }
        }

        return given;
    }

    private static string List<T>(IEnumerable<NamedValue<T>> values) =>
        string.Join(", ", values.Select(value => value.Name.Length > 0 ? $"'{value.Name}'" : "without a name"));
}
