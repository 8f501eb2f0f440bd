using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>
/// Proves that a script writes to nothing that its next call reads, or finds what may. Its README says how.
/// </summary>
internal sealed class WriteAnalysis
{
    // Many times what models take.
    private const long MaxSteps = 2_000_000;

    private readonly Dictionary<(ScriptFunction Function, string Given), Summary> _summaries = [];
    private readonly HashSet<(ScriptFunction Function, string Given)> _seen = [];
    private readonly Dictionary<(string Class, string Attribute), int> _fields = [];
    private readonly List<(string Class, string Attribute)> _names = [("", "a constant")];
    private readonly Dictionary<int, ObjectSet> _held = [];
    private readonly Dictionary<int, Finding> _written = [];
    private readonly Dictionary<Expression, int> _made = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _lending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _mixing = new(StringComparer.Ordinal);
    private readonly IReadOnlySet<string> _inTraining;
    private Finding? _assigned;
    private bool _changed;
    private long _steps;
    private int _line = 1;

    private WriteAnalysis(ScriptSyntax syntax, IReadOnlySet<string> inTraining)
    {
        Syntax = syntax;
        _inTraining = inTraining;
    }

    public ScriptSyntax Syntax { get; }

    /// <summary>What is not understood, and so may write to anything; null where there is nothing.</summary>
    public Finding? NotUnderstood { get; private set; }

    /// <summary>What may write to the model's state, the first one that was found; null where nothing does.</summary>
    public string? Reason =>
        NotUnderstood is { } unknown ? $"{unknown} is not understood, and may write to anything"
        : _written.Count > 0 ? $"{_names[_written.Keys.Min()].Attribute} may be written to by {_written[_written.Keys.Min()]}"
        : _assigned?.ToString();

    /// <summary>
    /// Methods whose answer to a row may depend on the elements of other rows, each with the first thing in it by which it does; a method
    /// that is not here may have that in ways that are not looked for.
    /// </summary>
    public IReadOnlyDictionary<string, string> MixingRows => _mixing;

    /// <summary>Methods whose answers may be the state itself, or share its memory.</summary>
    public IReadOnlySet<string> Lending => _lending;

    /// <summary>Analyses a script.</summary>
    /// <param name="syntax">Its source files.</param>
    /// <param name="root">The class of the module that is called.</param>
    /// <param name="methods">The methods that can be called.</param>
    /// <param name="inTraining">Classes of modules of which some instance may be in training mode.</param>
    public static WriteAnalysis Run(ScriptSyntax syntax, string root, IEnumerable<string> methods, IReadOnlySet<string> inTraining)
    {
        var analysis = new WriteAnalysis(syntax, inTraining);
        if (syntax.Problem is { } problem)
        {
            analysis.NotUnderstood = new Finding(problem, root, 0);
            return analysis;
        }

        var called = new List<ScriptFunction>();
        foreach (var name in methods)
        {
            if (syntax.Class(root)?.Methods.GetValueOrDefault(name) is { } method)
            {
                called.Add(method);
            }
            else
            {
                analysis.NotUnderstand(new Finding($"method {name}", root, 0));
            }
        }

        do
        {
            // Until nothing new is found: what is stored in the state by one function is read by another.
            analysis._changed = false;
            analysis._seen.Clear();
            foreach (var method in called)
            {
                var given = method.Parameters.Select((parameter, index) =>
                    AbstractValue.Unknown(ObjectSet.Of(AbstractObjects.Argument(index)))
                        .As(parameter.Type is { } type ? ScriptType.Parse(type) : null));
                analysis.Root(method, analysis.Call(method, [.. given]));
            }
        }
        while (analysis._changed);

        return analysis;
    }

    /// <summary>Whether a module's attribute may be changed in place.</summary>
    public bool MayWriteTo(string type, string attribute) =>
        NotUnderstood is not null || (_fields.TryGetValue((type, attribute), out var field) && WrittenState().Contains(field));

    /// <summary>What a function does, given values of which only what is known as conditions counts.</summary>
    public Summary Call(ScriptFunction function, ImmutableArray<AbstractValue> given)
    {
        given = [.. given.Select(value => value.IsScalar || value.Truth == Truth.None ? value : value with { Truth = Truth.Unknown })];
        var key = (function, string.Join(',', given.Select(value => value.IsFixed ? $"fixed {value.Truth}" : $"{value.Truth}")));
        if (!_seen.Add(key))
        {
            return _summaries.GetValueOrDefault(key) ?? Summary.Nothing;
        }

        var summary = new FunctionAnalysis(this, function, given).Run();
        if (!_summaries.TryGetValue(key, out var before) || !before.IsLike(summary))
        {
            _changed = true;
        }

        return _summaries[key] = summary;
    }

    /// <summary>The object that stands for an attribute of a class of modules.</summary>
    public ObjectSet Field(string type, string attribute)
    {
        if (!_fields.TryGetValue((type, attribute), out var field))
        {
            _fields[(type, attribute)] = field = _names.Count;
            _names.Add((type, attribute));
        }

        return Inside(field);
    }

    /// <summary>Part of the state, with what was stored in it.</summary>
    public ObjectSet Inside(int state) => ObjectSet.Of(state).With(_held.GetValueOrDefault(state));

    /// <summary>Whether a module's attribute <c>training</c> is false, as in all that evaluate.</summary>
    public bool Evaluates(string type) => !_inTraining.Contains(type);

    /// <summary>The object that an expression makes.</summary>
    public int Made(Expression place)
    {
        if (!_made.TryGetValue(place, out var made))
        {
            _made[place] = made = AbstractObjects.Made + _made.Count;
        }

        return made;
    }

    public void Write(int state, Finding finding) => _changed |= _written.TryAdd(state, finding);

    /// <summary>An attribute is set: to another object, or to another number.</summary>
    public void Assign(string attribute, Finding finding)
    {
        _changed |= _assigned is null;
        _assigned ??= finding with { Operation = $"{attribute} is set by {finding.Operation}" };
    }

    public void Store(int state, ObjectSet stored)
    {
        var kept = ObjectSet.Of([.. stored.Items.ToArray().Where(AbstractObjects.IsState)]);
        var held = _held.GetValueOrDefault(state).With(kept);
        foreach (var one in kept.Items)
        {
            held = held.With(_held.GetValueOrDefault(one));
        }

        _changed |= !held.Equals(_held.GetValueOrDefault(state));
        _held[state] = held;
    }

    /// <summary>
    /// Whether the analysis goes on. Loops in loops and calls in calls may take any number of steps and any stack; code that takes too many
    /// is not understood.
    /// </summary>
    /// <param name="function">Where it is.</param>
    /// <param name="line">The line, where that is known; else it is near the last one.</param>
    public bool GoesOn(FunctionAnalysis function, int? line = null)
    {
        _line = line ?? _line;
        _steps++;
        var goesOn = _steps <= MaxSteps && RuntimeHelpers.TryEnsureSufficientExecutionStack();
        if (!goesOn)
        {
            NotUnderstand(function.At("code of so many steps", _line));
        }

        return goesOn;
    }

    /// <summary>So many variables, of which a step can copy some, are copied for a branch or a round of their own.</summary>
    public void Copies(int variables) => _steps += variables / 16;

    public void NotUnderstand(Finding finding)
    {
        _changed |= NotUnderstood is null;
        NotUnderstood ??= finding;
    }

    // The arguments of a method that is called from outside are the caller's, but for the module itself, whose attributes are the state.
    private void Root(ScriptFunction method, Summary summary)
    {
        var name = method.FullName[(method.FullName.LastIndexOf('.') + 1)..];
        // A list that was given may be answered with, and hold what was put into it.
        var answer = summary.Result?.Objects ?? ObjectSet.Empty;
        var stored = answer.IsEmpty ? [] : summary.Stores.Values;
        var reached = stored.Aggregate(answer.With(summary.FreshContents), (all, one) => all.With(one));
        if (reached.Items.ToArray().Any(one => AbstractObjects.IsState(one) || IsModule(one)))
        {
            _lending.Add(name);
        }

        if (summary.MixesRows is { } mixing)
        {
            _mixing[name] = mixing.ToString();
        }

        foreach (var (_, finding) in summary.Writes.Where(written => IsModule(written.Key)))
        {
            NotUnderstand(finding);
        }

        static bool IsModule(int one) => one < 0 && AbstractObjects.IndexOf(one) == 0;
    }

    private ObjectSet WrittenState() =>
        _written.Keys.Aggregate(ObjectSet.Empty, (written, state) => written.With(Inside(state)));
}
