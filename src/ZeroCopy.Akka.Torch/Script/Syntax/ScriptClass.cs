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

    /// <summary>The names of what runs before its <c>forward</c>, in order.</summary>
    public List<string> PreHooks { get; } = [];

    /// <summary>The names of what runs behind its <c>forward</c>, in order.</summary>
    public List<string> Hooks { get; } = [];

    public Dictionary<string, ScriptFunction> Methods { get; } = new(StringComparer.Ordinal);

    /// <summary>What a list of names in its body fills; null for another attribute.</summary>
    public ICollection<string>? Names(string list) => list switch
    {
        "__parameters__" => Parameters,
        "__buffers__" => Buffers,
        "__forward_pre_hooks__" => PreHooks,
        "__forward_hooks__" => Hooks,
        _ => null,
    };
}
