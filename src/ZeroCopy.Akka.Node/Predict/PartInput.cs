using System.Globalization;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Predict;

/// <summary>
/// A list, tuple or dictionary of which each part has a name of its own: <c>pair.0</c> and <c>pair.1</c> for a list or tuple,
/// <c>words.left</c> for an entry of a dictionary, levels joined by dots, as answers are named.
/// </summary>
/// <param name="parts">The parts, by their names behind the argument's own and its dot.</param>
internal sealed class PartInput(IReadOnlyList<NamedInput> parts) : InputValue
{
    /// <summary>Whether values of the type have parts.</summary>
    public static bool HasParts(ScriptType type) =>
        type.Name is "List" or "Tuple" or "Dict" || (type.Name == "Optional" && type.Arguments is [var some] && HasParts(some));

    /// <summary>Names of two parts, for errors.</summary>
    public static string Example(ScriptType type, string name) => type.Name == "Dict" ? $"'{name}.KEY'" : $"'{name}.0', '{name}.1', …";

    protected override object? Convert(ScriptType type, string name) => type.Name switch
    {
        "List" => Items(type, name, _ => type.Arguments[0]).ToList(),
        "Tuple" when Groups(type, name).Count == type.Arguments.Length => Items(type, name, index => type.Arguments[index]).ToArray(),
        "Dict" => Groups(type, name).ToDictionary(
            group => ScriptKeys.Parse(type.Arguments[0], group.Key, name),
            group => group.Value.As(type.Arguments[1], $"{name}.{group.Key}")),
        _ => throw Mismatch(type, name),
    };

    private IEnumerable<object?> Items(ScriptType type, string name, Func<int, ScriptType> part)
    {
        var groups = Groups(type, name);
        return Enumerable.Range(0, groups.Count).Select(
            index => groups.TryGetValue(index.ToString(CultureInfo.InvariantCulture), out var value)
                ? value.As(part(index), $"{name}.{index}")
                : throw Mismatch(type, name));
    }

    private Dictionary<string, InputValue> Groups(ScriptType type, string name)
    {
        var isNested = type.Arguments.Any(HasParts);
        var groups = new Dictionary<string, InputValue>(StringComparer.Ordinal);
        foreach (var group in parts.GroupBy(part => isNested ? part.Name!.Split('.')[0] : part.Name!, StringComparer.Ordinal))
        {
            groups[group.Key] = group.ToList() switch
            {
                [var whole] when whole.Name == group.Key => whole.Value,
                var inner when inner.TrueForAll(part => part.Name != group.Key) =>
                    new PartInput([.. inner.Select(part => part with { Name = part.Name![(group.Key.Length + 1)..] })]),
                _ => throw new InputMismatchException($"'{name}.{group.Key}' is given whole and in parts."),
            };
        }

        return groups;
    }

    private InputMismatchException Mismatch(ScriptType type, string name) => new(
        $"'{name}' must be {type}, and the input has its parts {string.Join(", ", parts.Select(part => $"'{name}.{part.Name}'"))}; "
        + $"call them {Example(type, name)} without a gap.");
}
