
namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>A class as its source text declares it.</summary>
internal sealed class ScriptClass(string fullName, string @base)
{
    public string FullName => fullName;

    /// <summary><c>Module</c>, <c>NamedTuple</c>, <c>Enum</c>, an interface's kind, or nothing.</summary>
    public string Base => @base;

    public bool IsModule => @base == "Module";

    public bool IsInterface => @base.EndsWith("Interface", StringComparison.Ordinal);

    /// <summary>The types of its attributes.</summary>
    public Dictionary<string, ScriptType> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>The names of its attributes in their order.</summary>
    public List<string> Fields { get; } = [];

    public HashSet<string> Parameters { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Buffers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ScriptFunction> Methods { get; } = new(StringComparer.Ordinal);
}
