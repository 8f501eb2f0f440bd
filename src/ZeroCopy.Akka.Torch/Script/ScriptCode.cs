using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// What the source text of a TorchScript archive tells: roles of tensors, arguments of methods, and whether the code may change the module.
/// </summary>
internal sealed partial class ScriptCode
{
    private readonly Dictionary<string, HashSet<string>> _parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _buffers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, ScriptMethod>> _methods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ScriptType>> _namedTuples = new(StringComparer.Ordinal);
    private readonly HashSet<string> _modules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    private ScriptCode()
    {
    }

    /// <summary>Some attribute is assigned, so that instances must not share one module.</summary>
    public bool AssignsAttributes { get; private set; }

    /// <summary>Some tensor is changed in place: it may be a buffer.</summary>
    public bool ChangesTensors { get; private set; }

    /// <summary>Some list or dictionary is changed in place: it may be an attribute.</summary>
    public bool ChangesContainers { get; private set; }

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

    /// <summary>Whether an attribute of that name is changed in place somewhere.</summary>
    public bool IsChanged(string attribute) => _changed.Contains(attribute);

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

    [GeneratedRegex("""^ +(\w+)(?: : [^=]+)? = |^ +for (\w+) in """, RegexOptions.CultureInvariant)]
    private static partial Regex VariableAssignment();

    [GeneratedRegex("""^ +(\w+) = __torch__\.torch\.nn\.functional\.(?:batch_norm|instance_norm)$""", RegexOptions.CultureInvariant)]
    private static partial Regex NormFunction();

    [GeneratedRegex("""(?:(torch)\.(?:batch_norm|instance_norm)|\b(\w+))\((.*)\)""", RegexOptions.CultureInvariant)]
    private static partial Regex NormCall();

    [GeneratedRegex("""^ +\(?[A-Za-z_][\w.]*\)?\.(\w+) = """, RegexOptions.CultureInvariant)]
    private static partial Regex AttributeAssignment();

    [GeneratedRegex("""[\w.]*\.\w*[A-Za-z0-9]_\(\(?(\w*)\)?(?:\.(\w+))?|, out=|__i\w+__\(""", RegexOptions.CultureInvariant)]
    private static partial Regex InPlaceCall();

    [GeneratedRegex("""(?:torch|aten)\.(?:append|_set_item|extend|insert|pop|clear|update|remove|sort|reverse|setdefault|popitem|Delete)\(""", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerCall();

    [GeneratedRegex("""^ +(\w+)(?: : [^=]+)? = \(?[\w.]+\)?\.(\w+)$""", RegexOptions.CultureInvariant)]
    private static partial Regex AttributeRead();

    private void ReadFile(string module, string text)
    {
        var type = "";
        var isNamedTuple = false;
        var reassigned = new HashSet<string>(StringComparer.Ordinal);
        var norms = new HashSet<string>(StringComparer.Ordinal);
        var reads = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = text.Split('\n');
        int? skipDeeperThan = null;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var indent = line.Length - line.AsSpan().TrimStart(' ').Length;
            if (skipDeeperThan is { } outer && indent > outer)
            {
                continue;
            }

            skipDeeperThan = null;
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
                var names = isNames.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(name => name.Trim('"'));
                (isNames.Groups[1].Value == "parameters" ? _parameters : _buffers)[type] = [.. names];
            }
            else if (line.TrimStart().StartsWith("def ", StringComparison.Ordinal))
            {
                reads.Clear();
                norms.Clear();
                reassigned = Reassigned(lines, i);
                ReadMethod(type, lines, i, indent);
            }
            else if (IsTrainingBlock(line, reads))
            {
                // Modules are always in eval mode here, so what is done in training mode only is never done.
                skipDeeperThan = indent;
            }
            else
            {
                ReadStatement(line, reads, reassigned, norms);
            }
        }
    }

    // Variables of the method that starts at a line, whose value depends on the way that its code takes.
    private static HashSet<string> Reassigned(string[] lines, int at)
    {
        var once = new HashSet<string>(StringComparer.Ordinal);
        var more = new HashSet<string>(StringComparer.Ordinal);
        for (var i = at + 1; i < lines.Length && !lines[i].TrimStart().StartsWith("def ", StringComparison.Ordinal); i++)
        {
            if (VariableAssignment().Match(lines[i]) is { Success: true } match)
            {
                var name = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value;
                if (!once.Add(name))
                {
                    more.Add(name);
                }
            }
        }

        return more;
    }

    private static bool IsTrainingBlock(string line, Dictionary<string, string> reads)
    {
        var text = line.AsSpan().Trim();
        return text.StartsWith("if ", StringComparison.Ordinal) && text.EndsWith(":", StringComparison.Ordinal)
            && reads.TryGetValue(text[3..^1].ToString(), out var attribute) && attribute == "training";
    }

    private void ReadStatement(string line, Dictionary<string, string> reads, HashSet<string> reassigned, HashSet<string> norms)
    {
        if (AttributeRead().Match(line) is { Success: true } read && !reassigned.Contains(read.Groups[1].Value))
        {
            reads[read.Groups[1].Value] = read.Groups[2].Value;
        }

        AssignsAttributes |= AttributeAssignment().IsMatch(line);
        ChangesContainers |= ContainerCall().IsMatch(line);
        if (NormFunction().Match(line) is { Success: true } function)
        {
            norms.Add(function.Groups[1].Value);
        }

        ChangesTensors |= NormCall().Match(line) is { Success: true } norm && (norm.Groups[1].Success || norms.Contains(norm.Groups[2].Value))
            && UpdatesStatistics(ScriptType.Split(norm.Groups[3].Value), norm.Groups[1].Success ? 3 : 1);
        foreach (Match call in InPlaceCall().Matches(line))
        {
            ChangesTensors = true;
            if (call.Groups[2] is { Success: true, Value: var direct })
            {
                _changed.Add(direct);
            }

            if (reads.TryGetValue(call.Groups[1].Value, out var attribute))
            {
                _changed.Add(attribute);
            }
        }
    }

    // A norm in training mode, which its sixth argument says, writes its running mean and variance where it has them.
    private static bool UpdatesStatistics(IReadOnlyList<string> arguments, int mean) =>
        arguments.Count > 5 && arguments[5] == "True" && (arguments[mean] != "None" || arguments[mean + 1] != "None");

    private void ReadMethod(string type, string[] lines, int at, int indent)
    {
        var text = new StringBuilder(lines[at]);
        for (var i = at + 1; i < lines.Length && !text.ToString().TrimEnd().EndsWith(':'); i++)
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
