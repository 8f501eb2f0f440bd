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
    private readonly Dictionary<string, Dictionary<string, ImmutableArray<ScriptParameter>>> _methods = new(StringComparer.Ordinal);
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

    public static ScriptCode Read(ScriptArchive archive)
    {
        var code = new ScriptCode();
        foreach (var entry in archive.Entries)
        {
            var name = entry.Name[(archive.Root.Length + 1)..];
            if (name.StartsWith("code/", StringComparison.Ordinal) && name.EndsWith(".py", StringComparison.Ordinal))
            {
                var module = name["code/".Length..^".py".Length].Replace('/', '.');
                code.ReadFile(module, Encoding.UTF8.GetString(archive.Read(entry)));
            }
        }

        return code;
    }

    /// <summary>Whether the attribute is one of the class's parameters.</summary>
    public bool IsParameter(PickleGlobal type, string attribute) => Has(_parameters, type, attribute);

    /// <summary>Whether the attribute is one of the class's buffers.</summary>
    public bool IsBuffer(PickleGlobal type, string attribute) => Has(_buffers, type, attribute);

    /// <summary>Whether an attribute of that name is changed in place somewhere.</summary>
    public bool IsChanged(string attribute) => _changed.Contains(attribute);

    /// <summary>The methods of a class with their arguments behind <c>self</c>.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<ScriptParameter>> Methods(PickleGlobal type) =>
        _methods.TryGetValue($"{type.Module}.{type.Name}", out var methods) ? methods : new Dictionary<string, ImmutableArray<ScriptParameter>>();

    private static bool Has(Dictionary<string, HashSet<string>> names, PickleGlobal type, string attribute) =>
        names.TryGetValue($"{type.Module}.{type.Name}", out var set) && set.Contains(attribute);

    [GeneratedRegex("""^class (\w+)\(""", RegexOptions.CultureInvariant)]
    private static partial Regex ClassLine();

    [GeneratedRegex("""^  __(parameters|buffers)__ = \[(.*)\]""", RegexOptions.CultureInvariant)]
    private static partial Regex NamesLine();

    [GeneratedRegex("""^(?:  )?def (\w+)\(([^)]*)""", RegexOptions.CultureInvariant)]
    private static partial Regex MethodLine();

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
            }
            else if (NamesLine().Match(line) is { Success: true } isNames)
            {
                var names = isNames.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(name => name.Trim('"'));
                (isNames.Groups[1].Value == "parameters" ? _parameters : _buffers)[type] = [.. names];
            }
            else if (line.TrimStart().StartsWith("def ", StringComparison.Ordinal))
            {
                reads.Clear();
                ReadMethod(type, lines, i, indent);
            }
            else if (IsTrainingBlock(line, reads))
            {
                // Modules are always in eval mode here, so what is done in training mode only is never done.
                skipDeeperThan = indent;
            }
            else
            {
                ReadStatement(line, reads);
            }
        }
    }

    private static bool IsTrainingBlock(string line, Dictionary<string, string> reads)
    {
        var text = line.AsSpan().Trim();
        return text.StartsWith("if ", StringComparison.Ordinal) && text.EndsWith(":", StringComparison.Ordinal)
            && reads.TryGetValue(text[3..^1].ToString(), out var attribute) && attribute == "training";
    }

    private void ReadStatement(string line, Dictionary<string, string> reads)
    {
        if (AttributeRead().Match(line) is { Success: true } read)
        {
            reads[read.Groups[1].Value] = read.Groups[2].Value;
        }

        AssignsAttributes |= AttributeAssignment().IsMatch(line);
        ChangesContainers |= ContainerCall().IsMatch(line);
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
            _methods[type] = methods = new Dictionary<string, ImmutableArray<ScriptParameter>>(StringComparer.Ordinal);
        }

        var signature = text.ToString();
        methods[method.Groups[1].Value] = Parameters(signature[(signature.IndexOf('(', StringComparison.Ordinal) + 1)..]);
    }

    private static ImmutableArray<ScriptParameter> Parameters(string text)
    {
        var parameters = ImmutableArray.CreateBuilder<ScriptParameter>();
        var depth = 0;
        var start = 0;
        for (var i = 0; i < text.Length && depth >= 0; i++)
        {
            depth += text[i] is '[' or '(' ? 1 : text[i] is ']' or ')' ? -1 : 0;
            if (depth < 0 || (depth == 0 && text[i] == ','))
            {
                if (Parameter(text[start..i]) is { } parameter)
                {
                    parameters.Add(parameter);
                }

                start = i + 1;
            }
        }

        return parameters.ToImmutable();
    }

    private static ScriptParameter? Parameter(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || text[..colon].Trim() == "self")
        {
            return null;
        }

        var equals = text.IndexOf('=', colon);
        var type = text[(colon + 1)..(equals < 0 ? text.Length : equals)].Trim();
        return new ScriptParameter(text[..colon].Trim(), type, equals >= 0);
    }
}
