using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script;

/// <summary>A TorchScript type as its source text says it, such as <c>Dict[str, Tuple[Tensor, int]]</c>.</summary>
/// <param name="Name">The type, or the generic one: <c>Tensor</c>, <c>List</c>, …</param>
/// <param name="Arguments">Its type arguments.</param>
internal sealed record ScriptType(string Name, ImmutableArray<ScriptType> Arguments)
{
    /// <summary>Whether values of the type are made of tensors, numbers, texts, lists, tuples and dictionaries only.</summary>
    public bool IsData => Name switch
    {
        "Tensor" or "int" or "float" or "bool" or "str" => Arguments.IsEmpty,
        "NoneType" => Arguments.IsEmpty,
        "List" or "Optional" => Arguments is [{ IsData: true }],
        "Dict" => Arguments is [{ Name: "str" or "int" or "float" or "bool" }, { IsData: true }],
        "Tuple" => Arguments.All(argument => argument.IsData),
        _ => false,
    };

    /// <summary>Whether TorchSharp itself takes such an argument.</summary>
    public bool IsPlainArgument => Name is "Tensor" or "int" or "float" or "bool" || (Name == "Optional" && Arguments is [{ IsPlainArgument: true }]);

    /// <summary>Whether TorchSharp itself hands out such a result: one value, or a pair or triple of tensors.</summary>
    public bool IsPlainResult => Name is "Tensor" or "int" or "float" or "bool" or "NoneType"
        || (Name == "Tuple" && Arguments.Length is 2 or 3 && Arguments.All(argument => argument.Name == "Tensor"));

    /// <summary>The .NET type of its values: tuples are value tuples, lists arrays, integers <see cref="long"/>, numbers <see cref="double"/>.</summary>
    public Type ClrType => Name switch
    {
        "Tensor" => typeof(TorchSharp.torch.Tensor),
        "int" => typeof(long),
        "float" => typeof(double),
        "bool" => typeof(bool),
        "str" => typeof(string),
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
            ? new ScriptType(text[..bracket], [.. Split(text[(bracket + 1)..^1]).Where(part => part != "()").Select(Parse)])
            : new ScriptType(text, []);
    }

    /// <summary>Parts between the commas that stand outside of brackets and quotes.</summary>
    public static IReadOnlyList<string> Split(string text)
    {
        var parts = new List<string>();
        var (depth, start, quote) = (0, 0, '\0');
        for (var i = 0; i < text.Length; i++)
        {
            if (quote != '\0')
            {
                i += text[i] == '\\' ? 1 : 0;
                quote = i < text.Length && text[i] == quote ? '\0' : quote;
            }
            else if (text[i] is '"' or '\'')
            {
                quote = text[i];
            }
            else
            {
                depth += text[i] is '[' or '(' or '{' ? 1 : text[i] is ']' or ')' or '}' ? -1 : 0;
                if (depth == 0 && text[i] == ',')
                {
                    parts.Add(text[start..i].Trim());
                    start = i + 1;
                }
            }
        }

        if (text[start..].Trim() is { Length: > 0 } last)
        {
            parts.Add(last);
        }

        return parts;
    }

    /// <summary>The type as source text.</summary>
    public override string ToString() => Arguments.IsEmpty
        ? Name == "Tuple" ? "Tuple[()]" : Name
        : $"{Name}[{string.Join(", ", Arguments)}]";
}
