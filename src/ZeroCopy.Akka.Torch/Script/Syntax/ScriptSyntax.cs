namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>The classes and functions of a script.</summary>
internal sealed class ScriptSyntax
{
    private readonly Dictionary<string, ScriptClass> _classes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ScriptFunction> _functions = new(StringComparer.Ordinal);

    private ScriptSyntax()
    {
    }

    /// <summary>Why a source file is not understood at all; null where all are.</summary>
    public string? Problem { get; private set; }

    public IReadOnlyCollection<ScriptClass> Classes => _classes.Values;

    /// <summary>Reads source files, each with the namespace of its classes.</summary>
    public static ScriptSyntax Read(IEnumerable<(string Module, string Text)> files)
    {
        var syntax = new ScriptSyntax();
        foreach (var (module, text) in files)
        {
            try
            {
                var (classes, functions) = SourceParser.Read(module, text);
                classes.ForEach(type => syntax._classes[type.FullName] = type);
                functions.ForEach(function => syntax._functions[function.FullName] = function);
            }
            catch (FormatException problem)
            {
                syntax.Problem ??= $"{module}: {problem.Message}";
            }
        }

        return syntax;
    }

    public ScriptClass? Class(string? name) => name is null ? null : _classes.GetValueOrDefault(name);

    public ScriptFunction? Function(string name) => _functions.GetValueOrDefault(name);

    /// <summary>All methods of that name that classes of the script have.</summary>
    public IEnumerable<ScriptFunction> Methods(string name) =>
        from type in _classes.Values
        where !type.IsInterface && type.Methods.ContainsKey(name)
        select type.Methods[name];
}
