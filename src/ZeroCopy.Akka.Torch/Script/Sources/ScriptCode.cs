using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>
/// What the source text of a TorchScript archive declares: roles of tensors, and arguments of methods.
/// </summary>
internal sealed partial class ScriptCode
{
    private readonly Dictionary<string, HashSet<string>> _parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _buffers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, ScriptMethod>> _methods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ScriptType>> _namedTuples = new(StringComparer.Ordinal);
    private readonly HashSet<string> _modules = new(StringComparer.Ordinal);

    private ScriptCode()
    {
    }

    public static ScriptCode Read(ScriptSources sources)
    {
        var code = new ScriptCode();
        foreach (var (module, text) in sources.Files)
        {
            code.ReadFile(module, text);
        }

        return code;
    }

    /// <summary>Whether the class is one of modules.</summary>
    public bool IsModule(PickleGlobal type) => _modules.Contains(type.FullName);

    /// <summary>Whether the attribute is one of the class's parameters.</summary>
    public bool IsParameter(PickleGlobal type, string attribute) => Has(_parameters, type, attribute);

    /// <summary>Whether the attribute is one of the class's buffers.</summary>
    public bool IsBuffer(PickleGlobal type, string attribute) => Has(_buffers, type, attribute);

    /// <summary>The methods of a class.</summary>
    public IReadOnlyDictionary<string, ScriptMethod> Methods(PickleGlobal type) =>
        _methods.TryGetValue(type.FullName, out var methods)
            ? methods.ToDictionary(item => item.Key, item => Plain(item.Value), StringComparer.Ordinal)
            : new Dictionary<string, ScriptMethod>();

    private ScriptMethod Plain(ScriptMethod method)
    {
        ImmutableArray<ScriptType> types = [.. method.Types.Select(Plain)];
        return method with
        {
            Parameters = [.. method.Parameters.Zip(types, (parameter, type) => parameter with { Type = type.ToString() })],
            Types = types,
            Result = Plain(method.Result),
        };
    }

    // Named tuples as plain ones: their values are taken by position.
    private ScriptType Plain(ScriptType type) => _namedTuples.TryGetValue(type.Name, out var fields)
        ? new ScriptType("Tuple", [.. fields.Select(Plain)], type.Name)
        : type with { Arguments = [.. type.Arguments.Select(Plain)] };

    private static bool Has(Dictionary<string, HashSet<string>> names, PickleGlobal type, string attribute) =>
        names.TryGetValue(type.FullName, out var set) && set.Contains(attribute);

    [GeneratedRegex("""^class (\w+)(?:\((\w*)|:)""", RegexOptions.CultureInvariant)]
    private static partial Regex ClassLine();

    [GeneratedRegex("""^  __(parameters|buffers)__ = \[(.*)\]""", RegexOptions.CultureInvariant)]
    private static partial Regex NamesLine();

    [GeneratedRegex("""^(?:  )?def (\w+)\(([^)]*)""", RegexOptions.CultureInvariant)]
    private static partial Regex MethodLine();

    [GeneratedRegex("""^  \w+ : (.+)$""", RegexOptions.CultureInvariant)]
    private static partial Regex FieldLine();

    private void ReadFile(string module, string text)
    {
        var type = "";
        var isNamedTuple = false;
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var indent = line.Length - line.AsSpan().TrimStart(' ').Length;
            if (ClassLine().Match(line) is { Success: true } isClass)
            {
                type = $"{module}.{isClass.Groups[1].Value}";
                isNamedTuple = isClass.Groups[2].Value == "NamedTuple";
                if (isClass.Groups[2].Value == "Module")
                {
                    _modules.Add(type);
                }
                else if (isNamedTuple)
                {
                    _namedTuples[type] = [];
                }
            }
            else if (isNamedTuple && FieldLine().Match(line) is { Success: true } field)
            {
                _namedTuples[type].Add(ScriptType.Parse(field.Groups[1].Value));
            }
            else if (NamesLine().Match(line) is { Success: true } isNames)
            {
                var names = isNames.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(name => name.Trim('"'));
                (isNames.Groups[1].Value == "parameters" ? _parameters : _buffers)[type] = [.. names];
            }
            else if (IsMethod(line))
            {
                ReadMethod(type, lines, i, indent);
            }
        }
    }

    private static bool IsMethod(string line) => line.AsSpan().TrimStart().StartsWith("def ", StringComparison.Ordinal);

    private void ReadMethod(string type, string[] lines, int at, int indent)
    {
        // Up to the colon at the end of a line; one without it ends before the next.
        var text = new StringBuilder(lines[at].TrimEnd());
        for (var i = at + 1; i < lines.Length && text[^1] != ':' && !IsMethod(lines[i]); i++)
        {
            text.Append(lines[i].TrimEnd());
        }

        if (indent == 0 || type.Length == 0 || MethodLine().Match(text.ToString()) is not { Success: true } method)
        {
            return;
        }

        if (!_methods.TryGetValue(type, out var methods))
        {
            _methods[type] = methods = new Dictionary<string, ScriptMethod>(StringComparer.Ordinal);
        }

        methods[method.Groups[1].Value] = Method(text.ToString());
    }

    private static ScriptMethod Method(string signature)
    {
        var start = signature.IndexOf('(', StringComparison.Ordinal) + 1;
        var arrow = signature.LastIndexOf("->", StringComparison.Ordinal);
        var end = signature.LastIndexOf(')', arrow < 0 ? signature.Length - 1 : arrow);
        var parameters = ImmutableArray.CreateBuilder<ScriptParameter>();
        var defaults = ImmutableArray.CreateBuilder<string?>();

        // The first one is the module itself, whatever its name.
        foreach (var text in ScriptType.Split(signature[start..Math.Max(start, end)]).Skip(1))
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                continue;
            }

            var equals = text.IndexOf('=', colon);
            var type = text[(colon + 1)..(equals < 0 ? text.Length : equals)].Trim();
            parameters.Add(new ScriptParameter(text[..colon].Trim(), type, equals >= 0));
            defaults.Add(equals < 0 ? null : text[(equals + 1)..].Trim());
        }

        var result = arrow < 0 ? "Tensor" : signature[(arrow + 2)..].Trim().TrimEnd(':');
        return new ScriptMethod(
            parameters.ToImmutable(),
            [.. parameters.Select(parameter => ScriptType.Parse(parameter.Type))],
            defaults.ToImmutable(),
            ScriptType.Parse(result));
    }
}
