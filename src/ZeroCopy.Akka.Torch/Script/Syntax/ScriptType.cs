using System.Collections.Immutable;
using System.Numerics;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>A TorchScript type as its source text says it, such as <c>Dict[str, Tuple[Tensor, int]]</c>.</summary>
/// <param name="Name">The type, or the generic one: <c>Tensor</c>, <c>List</c>, …</param>
/// <param name="Arguments">Its type arguments.</param>
/// <param name="Class">The class of a named tuple, which is called <c>Tuple</c> here.</param>
internal sealed record ScriptType(string Name, ImmutableArray<ScriptType> Arguments, string? Class = null)
{
    /// <summary>Whether values of the type are made of tensors, numbers, texts, devices, lists, tuples and dictionaries only.</summary>
    public bool IsData => Name switch
    {
        "Tensor" or "int" or "float" or "bool" or "complex" or "str" or "Device" or "NoneType" => Arguments.IsEmpty,
        "List" or "Optional" => Arguments is [{ IsData: true }],
        "Dict" => Arguments is [{ Name: "str" or "int" or "float" or "bool" or "complex" }, { IsData: true }],
        "Tuple" => Arguments.All(argument => argument.IsData),
        _ => false,
    };

    /// <summary>Whether only a value tells what it is of: it may be one that can be handed out.</summary>
    public bool IsOpen => Name is "Any" or "Union" || Arguments.Any(argument => argument.IsOpen);

    /// <summary>Whether TorchSharp itself takes such an argument.</summary>
    public bool IsPlainArgument =>
        Name is "Tensor" or "int" or "float" or "bool" or "number" || (Name == "Optional" && Arguments is [{ IsPlainArgument: true }]);

    /// <summary>Whether TorchSharp itself hands out such a result: one value, or a pair or triple of tensors.</summary>
    public bool IsPlainResult => Name is "Tensor" or "int" or "float" or "bool" or "number" or "NoneType"
        || (Name == "Tuple" && Arguments.Length is 2 or 3 && Arguments.All(argument => argument.Name == "Tensor"));

    /// <summary>
    /// The .NET type of its values: tuples are value tuples, lists arrays, integers <see cref="long"/>, numbers <see cref="double"/>,
    /// devices their text.
    /// </summary>
    public Type ClrType => Name switch
    {
        "Tensor" => typeof(TorchSharp.torch.Tensor),
        "int" => typeof(long),
        "float" => typeof(double),
        "bool" => typeof(bool),
        "complex" => typeof(Complex),
        "str" or "Device" => typeof(string),
        "List" => Arguments[0].ClrType.MakeArrayType(),
        "Dict" => typeof(Dictionary<,>).MakeGenericType(Arguments[0].ClrType, Arguments[1].ClrType),
        "Optional" when Arguments[0].ClrType is { IsValueType: true } value => typeof(Nullable<>).MakeGenericType(value),
        "Optional" => Arguments[0].ClrType,
        _ => typeof(object),
    };

    /// <summary>Reads a type; what is no type at all becomes a name that is nothing else.</summary>
    public static ScriptType Parse(string text)
    {
        text = text.Trim();
        var bracket = text.IndexOf('[', StringComparison.Ordinal);
        return bracket > 0 && text[^1] == ']'
            ? new ScriptType(text[..bracket], [.. Split(text[(bracket + 1)..^1]).Where(part => part.Trim() != "()").Select(Parse)])
            : new ScriptType(text, []);
    }

    /// <summary>The type as the script's own source text says it, named tuples by their class.</summary>
    public string ToSource() => Class ?? Text(argument => argument.ToSource());

    /// <summary>The type as source text, named tuples as plain ones.</summary>
    public override string ToString() => Text(argument => argument.ToString());

    // Parts between the commas that stand outside of brackets.
    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] is '[' or '(' ? 1 : text[i] is ']' or ')' ? -1 : 0;
            if (depth == 0 && text[i] == ',')
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        if (!string.IsNullOrWhiteSpace(text[start..]))
        {
            parts.Add(text[start..]);
        }

        return parts;
    }

    private string Text(Func<ScriptType, string> text) => Arguments.IsEmpty
        ? Name == "Tuple" ? "Tuple[()]" : Name
        : $"{Name}[{string.Join(", ", Arguments.Select(text))}]";
}
