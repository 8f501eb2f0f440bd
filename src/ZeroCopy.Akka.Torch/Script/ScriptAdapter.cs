using System.Globalization;
using System.Text;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// Methods that a skeleton gets beside its own, for those whose arguments or answers TorchSharp cannot pass: texts, dictionaries, nested
/// lists and tuples. An adapter takes one list of tensors and gives one; <see cref="ScriptValues"/> is the other side of it. Values are laid
/// out one after the other: a number as one element, a text as its UTF-8 bytes, a list or dictionary behind its count, what is optional
/// behind a flag.
/// </summary>
internal sealed class ScriptAdapter
{
    private const string Prefix = "zerocopy_";
    private readonly StringBuilder _text = new();
    private int _names;

    private ScriptAdapter()
    {
    }

    /// <summary>The name of a method's adapter.</summary>
    public static string NameOf(string method) => Prefix + method;

    /// <summary>Whether a method needs an adapter and can have one.</summary>
    public static bool Fits(ScriptMethod method)
    {
        var types = method.Parameters.Select(parameter => ScriptType.Parse(parameter.Type)).ToList();
        return !(types.All(type => type.IsPlainArgument) && method.Result.IsPlainResult)
            && types.All(type => type.IsData) && method.Result.IsData;
    }

    /// <summary>The source text of a method's adapter, as part of class <paramref name="type"/>.</summary>
    public static string Source(string type, string name, ScriptMethod method)
    {
        var adapter = new ScriptAdapter();
        adapter.Line(1, $"def {NameOf(name)}(self: {type},");
        adapter.Line(2, "ins: List[Tensor]) -> List[Tensor]:");
        adapter.Line(2, "outs = annotate(List[Tensor], [])");
        var arguments = new List<string>();
        foreach (var (parameter, text) in method.Parameters.Zip(method.Defaults))
        {
            arguments.Add(adapter.Argument(ScriptType.Parse(parameter.Type), text));
        }

        adapter.Line(2, $"answer = (self).{name}({string.Concat(arguments.Select(argument => argument + ", "))})");
        adapter.Write(2, method.Result, "answer");
        adapter.Line(2, "return outs");
        return adapter._text.ToString();
    }

    private void Line(int depth, string text) => _text.Append(' ', 2 * depth).Append(text).Append('\n');

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"v{_names++}");

    private string Argument(ScriptType type, string? defaultText)
    {
        if (defaultText is null)
        {
            return Read(2, type);
        }

        var name = NewName();
        Line(2, $"{name} = annotate({type}, {defaultText})");
        Line(2, "if bool(ins.pop(0)):");
        Line(3, $"{name} = {Read(3, type)}");
        return name;
    }

    // Statements that take a value from the list; gives the variable that holds it.
    private string Read(int depth, ScriptType type)
    {
        var name = NewName();
        switch (type.Name)
        {
            case "Tensor":
                Line(depth, $"{name} = ins.pop(0)");
                break;
            case "str":
                var bytes = NewName();
                Line(depth, $"{bytes} = ins.pop(0)");
                Line(depth, $"{name} = \"\"");
                Line(depth, $"for {name}i in range({bytes}.numel()):");
                Line(depth + 1, $"{name} = {name} + chr(int({bytes}[{name}i]))");
                break;
            case "NoneType":
                Line(depth, $"{name} = None");
                break;
            case "Optional":
                Line(depth, $"{name} = annotate({type}, None)");
                Line(depth, "if bool(ins.pop(0)):");
                Line(depth + 1, $"{name} = {Read(depth + 1, type.Arguments[0])}");
                break;
            case "List":
                Line(depth, $"{name} = annotate({type}, [])");
                Line(depth, $"for {name}i in range(int(ins.pop(0))):");
                Line(depth + 1, $"{name}.append({Read(depth + 1, type.Arguments[0])})");
                break;
            case "Dict":
                Line(depth, $"{name} = annotate({type}, {{}})");
                Line(depth, $"for {name}i in range(int(ins.pop(0))):");
                var key = Read(depth + 1, type.Arguments[0]);
                Line(depth + 1, $"{name}[{key}] = {Read(depth + 1, type.Arguments[1])}");
                break;
            case "Tuple":
                var items = type.Arguments.Select(item => Read(depth, item)).ToList();
                Line(depth, $"{name} = ({string.Concat(items.Select(item => item + ", "))})");
                break;
            default:
                Line(depth, $"{name} = {type.Name}(ins.pop(0))");
                break;
        }

        return name;
    }

    // Statements that add a value to the list.
    private void Write(int depth, ScriptType type, string value)
    {
        switch (type.Name)
        {
            case "Tensor":
                Line(depth, $"outs.append({value})");
                break;
            case "float":
                Line(depth, $"outs.append(torch.tensor({value}, dtype=7))");
                break;
            case "str":
                var bytes = NewName();
                Line(depth, $"{bytes} = annotate(List[int], [])");
                Line(depth, $"for {bytes}i in range(len({value})):");
                Line(depth + 1, $"{bytes}.append(ord({value}[{bytes}i]))");
                Line(depth, $"outs.append(torch.tensor({bytes}, dtype=0))");
                break;
            case "NoneType":
                break;
            case "Optional":
                var maybe = NewName();
                Line(depth, $"{maybe} = {value}");
                Line(depth, $"outs.append(torch.tensor({maybe} is not None))");
                Line(depth, $"if {maybe} is not None:");
                Write(depth + 1, type.Arguments[0], maybe);
                Line(depth + 1, "pass");
                break;
            case "List":
                var item = NewName();
                Line(depth, $"outs.append(torch.tensor(len({value})))");
                Line(depth, $"for {item} in {value}:");
                Write(depth + 1, type.Arguments[0], item);
                Line(depth + 1, "pass");
                break;
            case "Dict":
                var key = NewName();
                Line(depth, $"outs.append(torch.tensor(len({value})))");
                Line(depth, $"for {key} in {value}.keys():");
                Write(depth + 1, type.Arguments[0], key);
                Write(depth + 1, type.Arguments[1], $"{value}[{key}]");
                break;
            case "Tuple":
                for (var i = 0; i < type.Arguments.Length; i++)
                {
                    var part = NewName();
                    Line(depth, $"{part} = {value}[{i}]");
                    Write(depth, type.Arguments[i], part);
                }

                break;
            default:
                Line(depth, $"outs.append(torch.tensor({value}))");
                break;
        }
    }
}
