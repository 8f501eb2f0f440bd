using System.Text;
using System.Text.RegularExpressions;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>
/// The source files of a skeleton, and how they become quick to load. Loading an archive, libtorch compiles every class, and then parses a
/// set of patterns anew for each method of each submodule, to find operators of old quantized models. Tracing writes a class for each
/// module, so that this is nearly all of a load: 225 submodules of 228 classes for BERT-base. Here classes that differ in nothing but their
/// namespace become one, and submodules become plain objects, which libtorch does not search. Source:
/// torch/csrc/jit/serialization/import.cpp.
/// </summary>
internal sealed partial class ScriptSources
{
    private const string Folder = "code/";
    private const string Extension = ".py";

    // Many times what modules lie in each other: what is deeper is left as it is.
    private const int MaxRounds = 100;

    private readonly Dictionary<string, List<Definition>> _files;

    private ScriptSources(Dictionary<string, List<Definition>> files) => _files = files;

    /// <summary>The namespaces of the source files' classes, and the files' texts.</summary>
    public IEnumerable<(string Module, string Text)> Files => _files.Select(file => (file.Key, Joined(file.Value)));

    /// <summary>Reads the source files of an archive.</summary>
    /// <exception cref="Errors.InvalidModelException">A file is corrupt, or nested too deeply.</exception>
    public static ScriptSources Read(ScriptArchive archive) =>
        Parse(archive.Entries.Select(entry => (Record: archive.NameOf(entry), entry)).Where(file => IsSource(file.Record))
            .Select(file => (file.Record, ReadText(archive, file.entry))));

    /// <summary>Reads source files that are given as the names of their records, without the archive's folder, and their texts.</summary>
    public static ScriptSources Parse(IEnumerable<(string Record, string Text)> files) => new(files.ToDictionary(
        file => ModuleOf(file.Record) ?? throw new ArgumentException($"'{file.Record}' is no source file.", nameof(files)),
        file => TopLevel().Split(file.Text).Select(text => Define(ModuleOf(file.Record)!, text)).ToList(),
        StringComparer.Ordinal));

    /// <summary>The text of a source file; null for a record that is none, or one that nothing is left of.</summary>
    public string? Text(string record) => ModuleOf(record) is { } module && _files[module] is { Count: > 0 } definitions
        ? Joined(definitions) : null;

    /// <summary>Whether the code may look at memory beside a tensor's elements, by a place or strides of its own.</summary>
    public bool ReadsStorage() => All.Any(definition => StorageCall().IsMatch(definition.Text));

    /// <summary>Whether a record is a source file.</summary>
    public static bool IsSource(string record) => ModuleOf(record) is not null;

    /// <summary>
    /// The namespace of a source file's classes; null for a record that is none. Names with a dot in them are none: libtorch never looks
    /// for them.
    /// </summary>
    public static string? ModuleOf(string record) =>
        record.StartsWith(Folder, StringComparison.Ordinal) && record.EndsWith(Extension, StringComparison.Ordinal)
        && record[Folder.Length..^Extension.Length] is var name && !name.Contains('.', StringComparison.Ordinal)
            ? name.Replace('/', '.') : null;

    /// <summary>Adds methods to a class.</summary>
    public void AddMethods(PickleGlobal type, string methods) => Change(definition =>
        definition.FullName == type.FullName ? definition with { Text = $"{definition.Text.TrimEnd('\n')}\n{methods}" } : definition);

    /// <summary>Makes methods of a class's forward hooks, and gives its <c>forward</c> another name.</summary>
    public void Unhook(PickleGlobal type, string forward) => Change(definition => definition.FullName == type.FullName
        ? definition with { Text = ForwardLine().Replace(HookLine().Replace(definition.Text, ""), $"  def {forward}(", 1) } : definition);

    /// <summary>
    /// Raises an error where the code would call an operator that libtorch does not have, wherever the call depends on a condition:
    /// functions of Python's library have branches for modes that few call them with. False where a call does not, or there is none.
    /// </summary>
    /// <param name="type">A class; what raises stands beside it.</param>
    /// <param name="name">The operator.</param>
    /// <param name="error">The error, without quotes.</param>
    public bool TryRaiseInstead(PickleGlobal type, string name, string error)
    {
        var calls = new Regex($@"\btorch\.{Regex.Escape(name)}\(", RegexOptions.CultureInvariant);
        if (!All.Any(definition => calls.IsMatch(definition.Text)) || All.Any(definition => HasUnconditional(definition, calls)))
        {
            return false;
        }

        var function = $"zerocopy_without_{name}";
        Change(definition => definition with { Text = Replaced(definition.Text, calls, $"{type.Module}.{function}()") });
        _files[type.Module].Add(Define(
            type.Module, $"def {function}() -> Tensor:\n  ops.prim.RaiseException(\"{error}\")\n  return torch.empty([0])\n"));
        return true;
    }

    /// <summary>
    /// Whether the classes may be merged and made plain: everything is understood, and nothing is there that only modules may have (hooks,
    /// interfaces), that libtorch has to find and mend in them (quantized operators), or that sets their mode when they are loaded.
    /// </summary>
    public bool CanSimplify(PickleGlobal root) =>
        All.All(definition => definition.IsKnown)
        && All.Where(definition => definition.Class is not null).CountBy(definition => definition.FullName).All(name => name.Value == 1)
        && All.Any(definition => definition.IsModule && definition.FullName == root.FullName)
        && !All.Any(definition => OnlyInModules().IsMatch(WithoutLists(definition.Text)));

    /// <summary>
    /// Leaves one class of those that differ in their namespace only; returns the full names of the others with the name of the one that
    /// stands for each.
    /// </summary>
    public IReadOnlyDictionary<string, (string Module, string Name)> Merge(PickleGlobal root)
    {
        var merged = new Dictionary<string, Definition>(StringComparer.Ordinal);
        var rounds = 0;
        int before;
        do
        {
            // From the leaves up: parents are alike once their children's classes are.
            before = merged.Count;
            var known = new Dictionary<string, Definition>(StringComparer.Ordinal);
            foreach (var definition in All.Where(one => one.IsModule && one.FullName != root.FullName && !merged.ContainsKey(one.FullName)))
            {
                var text = Rename(definition.Text, name => name == definition.FullName ? "" : Standing(name)?.FullName);
                if (!known.TryAdd(text, definition))
                {
                    merged[definition.FullName] = known[text];
                }
            }
        }
        while (merged.Count > before && ++rounds < MaxRounds);

        Change(definition => merged.ContainsKey(definition.FullName)
            ? null : definition with { Text = Rename(definition.Text, name => Standing(name)?.FullName) });
        return merged.Keys.ToDictionary(name => name, name => (Standing(name)!.Module, Standing(name)!.Class!), StringComparer.Ordinal);

        // What stands for a class may itself be merged later, always with one that comes before it.
        Definition? Standing(string name)
        {
            Definition? found = null;
            while (merged.TryGetValue(found?.FullName ?? name, out var other))
            {
                found = other;
            }

            return found;
        }
    }

    /// <summary>Makes plain classes of all modules' but the root's, which gets the given tensors as attributes of its own.</summary>
    public void MakePlain(PickleGlobal root, IEnumerable<string> tensors)
    {
        var attributes = string.Concat(tensors.Select(name => $"  __annotations__[\"{name}\"] = Tensor\n"));
        Change(definition => !definition.IsModule ? definition
            : definition.FullName == root.FullName ? WithHead(definition, definition.Text, line => line.Value + attributes)
            : WithHead(definition, WithoutLists(definition.Text), line => $"class {line.Groups[1].Value}:\n"));

        static Definition WithHead(Definition definition, string text, MatchEvaluator head) =>
            definition with { Text = ClassLine().Replace(text, head, 1) };
    }

    private IEnumerable<Definition> All => _files.Values.SelectMany(file => file);

    private static string ReadText(ScriptArchive archive, ArchiveEntry entry)
    {
        var text = Encoding.UTF8.GetString(archive.Read(entry));
        ScriptNesting.Require(text, archive.Path);
        return text;
    }

    private static string Joined(List<Definition> definitions) => string.Concat(definitions.Select(definition => definition.Text));

    private static Definition Define(string module, string text) => ClassLine().Match(text) is { Success: true } line
        ? new Definition(module, line.Groups[1].Value, line.Groups[2].Value, text)
        : new Definition(module, null, "", text);

    private static string WithoutLists(string text) => ListLine().Replace(text, "");

    private static string Rename(string text, Func<string, string?> newName) =>
        TypeName().Replace(text, match => newName(match.Value) ?? match.Value);

    private void Change(Func<Definition, Definition?> change)
    {
        foreach (var (module, definitions) in _files)
        {
            _files[module] = [.. definitions.Select(change).OfType<Definition>()];
        }
    }

    // Statements of a function stand two blanks in, those of a method four; what depends on a condition is deeper.
    private static bool HasUnconditional(Definition definition, Regex calls) => Regex.IsMatch(
        definition.Text,
        $"^(?! {{{(definition.Class is null ? 3 : 5)}}}).*{calls}",
        RegexOptions.CultureInvariant | RegexOptions.Multiline);

    private static string Replaced(string text, Regex calls, string replacement)
    {
        var replaced = new StringBuilder();
        var from = 0;
        for (var call = calls.Match(text); call.Success; call = calls.Match(text, from))
        {
            replaced.Append(text, from, call.Index - from).Append(replacement);
            from = EndOfBracket(text, call.Index + call.Length);
        }

        return replaced.Append(text, from, text.Length - from).ToString();
    }

    // Behind the bracket that closes the one before the given place.
    private static int EndOfBracket(string text, int at)
    {
        var quote = '\0';
        for (var depth = 1; depth > 0 && at < text.Length; at++)
        {
            if (quote != '\0')
            {
                at += text[at] == '\\' ? 1 : 0;
                quote = text[at] == quote ? '\0' : quote;
            }
            else if (text[at] is '"' or '\'')
            {
                quote = text[at];
            }
            else
            {
                depth += text[at] is '(' or '[' ? 1 : text[at] is ')' or ']' ? -1 : 0;
            }
        }

        return at;
    }

    [GeneratedRegex(
        """\b(?:as_strided\w*|storage_offset|set_|resize_\w*|_resize_output_|_reshape_alias\w*|_reinterpret_tensor)\(""",
        RegexOptions.CultureInvariant)]
    private static partial Regex StorageCall();

    [GeneratedRegex("""^  __forward_(?:pre_)?hooks__ = \[.*\]\n""", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex HookLine();

    [GeneratedRegex("""^  def forward\(""", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex ForwardLine();

    // With '^' each place would be looked for from the start of its line again.
    [GeneratedRegex("""(?<=\n)(?=\S)""", RegexOptions.CultureInvariant)]
    private static partial Regex TopLevel();

    [GeneratedRegex("""\Aclass (\w+)(?:\((\w+)\))?:\n""", RegexOptions.CultureInvariant)]
    private static partial Regex ClassLine();

    [GeneratedRegex("""^  __(?:parameters|buffers)__ = \[.*\]\n""", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex ListLine();

    [GeneratedRegex("""quantized|__forward_|__setstate__|__parameters__|__buffers__""", RegexOptions.CultureInvariant)]
    private static partial Regex OnlyInModules();

    // Or a text, which only looks like code.
    [GeneratedRegex("""
        "(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|__torch__(?:\.\w+)+
        """, RegexOptions.CultureInvariant)]
    private static partial Regex TypeName();

    /// <summary>A class or function with everything that belongs to it. <paramref name="Class"/> is null for what is no class.</summary>
    private sealed record Definition(string Module, string? Class, string Base, string Text)
    {
        public string FullName => $"{Module}.{Class}";

        public bool IsModule => Base == "Module";

        public bool IsKnown => Class is null
            ? Text.StartsWith("def ", StringComparison.Ordinal) : Base is "" or "Module" or "NamedTuple" or "Enum";
    }
}
