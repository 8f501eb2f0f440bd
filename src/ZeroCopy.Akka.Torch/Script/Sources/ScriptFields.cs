using System.Text;
using System.Text.RegularExpressions;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>What the classes of a script declare beside their methods: the names of parameters, buffers and hooks.</summary>
internal sealed partial class ScriptFields
{
    private readonly Dictionary<(string Class, string List), List<string>> _lists = [];

    private ScriptFields()
    {
    }

    /// <summary>Whether the code may look at memory beside a tensor's elements, by a place or strides of its own.</summary>
    public bool ReadsStorage { get; private set; }

    public static ScriptFields Read(ScriptSources sources)
    {
        var fields = new ScriptFields();
        foreach (var (module, text) in sources.Files)
        {
            fields.ReadsStorage |= StorageCall().IsMatch(text);
            var type = "";
            foreach (Match line in Declaration().Matches(text))
            {
                if (line.Groups[1].Success)
                {
                    type = $"{module}.{line.Groups[1].Value}";
                }
                else
                {
                    fields._lists[(type, line.Groups[2].Value)] = Names(line.Groups[3].Value);
                }
            }
        }

        return fields;
    }

    /// <summary>The names of a class's parameters.</summary>
    public IReadOnlyList<string> Parameters(PickleGlobal type) => List(type, "parameters");

    /// <summary>The names of a class's buffers.</summary>
    public IReadOnlyList<string> Buffers(PickleGlobal type) => List(type, "buffers");

    /// <summary>The names of what runs before a class's <c>forward</c>, in order.</summary>
    public IReadOnlyList<string> PreHooks(PickleGlobal type) => List(type, "forward_pre_hooks");

    /// <summary>The names of what runs behind a class's <c>forward</c>, in order.</summary>
    public IReadOnlyList<string> Hooks(PickleGlobal type) => List(type, "forward_hooks");

    private List<string> List(PickleGlobal type, string list) => _lists.GetValueOrDefault((type.FullName, list)) ?? [];

    // As torch/csrc/jit/frontend/strtod.h and lexer.h read them; an attribute may have any name.
    private static List<string> Names(string list)
    {
        var names = new List<string>();
        foreach (Match text in Quoted().Matches(list))
        {
            var name = new StringBuilder();
            var inside = text.Value.AsSpan(1, text.Value.Length - 2);
            for (var i = 0; i < inside.Length; i++)
            {
                name.Append(inside[i] != '\\' ? inside[i] : inside[++i] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    var other => other,
                });
            }

            names.Add(name.ToString());
        }

        return names;
    }

    [GeneratedRegex("""^(?:class (\w+)|  __(\w+)__ = \[(.*)\]$)""", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"
        """, RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(
        """\b(?:as_strided\w*|storage_offset|set_|resize_\w*|_resize_output_|_reshape_alias\w*|_reinterpret_tensor)\(""",
        RegexOptions.CultureInvariant)]
    private static partial Regex StorageCall();
}
