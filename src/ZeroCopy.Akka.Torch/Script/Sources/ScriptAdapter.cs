using System.Globalization;
using System.Text;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>
/// Methods that a skeleton gets beside its own, for those whose arguments or answers TorchSharp cannot pass: texts, dictionaries, nested
/// lists and tuples; and for those with several defaults, of which a call without a name for each can leave out the last ones only. An
/// adapter takes one list of tensors and returns one; <see cref="ScriptValues"/> is the other side of it. Values are laid out one after the
/// other: a number as one element, a complex one as two on its way in, a text as its UTF-8 bytes, a device as its text, a list or
/// dictionary behind its count, what is optional behind a flag. An argument that no value can be laid out for keeps its default.
/// </summary>
internal sealed class ScriptAdapter
{
    private const string Prefix = "zerocopy_";
    private static readonly ScriptType Text = ScriptType.Parse("str");
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
        var isPlain = method.Types.All(type => type.IsPlainArgument) && method.Result.IsPlainResult;
        return (!isPlain || method.Defaults.Count(text => text is not null) > 1)
            && method.Types.Zip(method.Defaults).All(argument => argument.First.IsData || argument.Second is not null)
            && method.Result.IsData;
    }

    /// <summary>The source text of a method's adapter, as part of class <paramref name="owner"/>.</summary>
    public static string Source(string owner, string name, ScriptMethod method)
    {
        var adapter = new ScriptAdapter();
        adapter.Line(1, $"def {NameOf(name)}(self: {owner},");
        adapter.Line(2, "ins: List[Tensor]) -> List[Tensor]:");
        adapter.Line(2, "outs = annotate(List[Tensor], [])");
        // Taken from the end: taking the first of a list moves all others.
        adapter.Line(2, "ins.reverse()");
        var arguments = new List<string>();
        var byName = false;
        foreach (var (parameter, type, text) in method.Parameters.Zip(method.Types, method.Defaults))
        {
            byName |= !type.IsData;
            if (type.IsData)
            {
                arguments.Add($"{(byName ? $"{parameter.Name}=" : "")}{adapter.Argument(type, text)}");
            }
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
        Line(2, $"{name} = annotate({type.ToSource()}, {defaultText})");
        Line(2, "if bool(ins.pop()):");
        Line(3, $"{name} = {Read(3, type)}");
        return name;
    }

    // Statements that take a value from the list; returns the variable that holds it.
    private string Read(int depth, ScriptType type)
    {
        var name = NewName();
        switch (type.Name)
        {
            case "Tensor":
                Line(depth, $"{name} = ins.pop()");
                break;
            case "str":
                var (bytes, letters) = (NewName(), NewName());
                Line(depth, $"{bytes} = ins.pop()");
                Line(depth, $"{letters} = annotate(List[str], [])");
                Line(depth, $"for {name}i in range({bytes}.numel()):");
                Line(depth + 1, $"{letters}.append(chr(int({bytes}[{name}i])))");
                Line(depth, $"{name} = \"\".join({letters})");
                break;
            case "Device":
                Line(depth, $"{name} = torch.device({Read(depth, Text)})");
                break;
            case "complex":
                var (real, imaginary) = (NewName(), NewName());
                Line(depth, $"{real} = float(ins.pop())");
                Line(depth, $"{imaginary} = float(ins.pop())");
                Line(depth, $"{name} = complex({real}, {imaginary})");
                break;
            case "NoneType":
                Line(depth, $"{name} = None");
                break;
            case "Optional":
                Line(depth, $"{name} = annotate({type.ToSource()}, None)");
                Line(depth, "if bool(ins.pop()):");
                Line(depth + 1, $"{name} = {Read(depth + 1, type.Arguments[0])}");
                break;
            case "List":
                Line(depth, $"{name} = annotate({type.ToSource()}, [])");
                Line(depth, $"for {name}i in range(int(ins.pop())):");
                Line(depth + 1, $"{name}.append({Read(depth + 1, type.Arguments[0])})");
                break;
            case "Dict":
                Line(depth, $"{name} = annotate({type.ToSource()}, {{}})");
                Line(depth, $"for {name}i in range(int(ins.pop())):");
                var key = Read(depth + 1, type.Arguments[0]);
                Line(depth + 1, $"{name}[{key}] = {Read(depth + 1, type.Arguments[1])}");
                break;
            case "Tuple":
                var items = type.Arguments.Select(item => Read(depth, item)).ToList();
                Line(depth, $"{name} = {type.Class}({string.Concat(items.Select(item => item + ", "))})");
                break;
            default:
                Line(depth, $"{name} = {type.Name}(ins.pop())");
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
            case "float" or "complex":
                // torch.tensor would make it a number of half the bits on its way.
                Line(depth, $"outs.append(torch.full([1], {value}, dtype={(type.Name == "float" ? 7 : 10)}))");
                break;
            case "Device":
                var text = NewName();
                Line(depth, $"{text} = str({value})");
                Write(depth, Text, text);
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
