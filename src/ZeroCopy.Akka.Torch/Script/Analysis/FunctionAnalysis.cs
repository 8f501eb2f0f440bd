using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>
/// One function, for arguments of which some are known to be true, false or none. Variables are followed from statement to statement,
/// branches that are never taken are left out, loops are gone through until nothing new comes; what an object holds is only ever added to.
/// </summary>
internal sealed class FunctionAnalysis
{
    private readonly WriteAnalysis _analysis;
    private readonly ScriptFunction _function;
    private readonly ImmutableArray<AbstractValue> _given;
    private readonly ExpressionAnalysis _expressions;
    private readonly Dictionary<int, ObjectSet> _contents = [];
    private readonly Dictionary<int, Finding> _writes = [];
    private readonly HashSet<int> _touched = [];
    private readonly Stack<List<Dictionary<string, AbstractValue>>> _jumps = new();
    private ObjectSet _inArguments;
    private Finding? _mixesRows;
    private AbstractValue? _result;
    private bool _changed;

    public FunctionAnalysis(WriteAnalysis analysis, ScriptFunction function, ImmutableArray<AbstractValue> given)
    {
        _analysis = analysis;
        _function = function;
        _given = given;
        _expressions = new ExpressionAnalysis(analysis, this);
    }

    /// <summary>The variables, as far as they are known here.</summary>
    public Dictionary<string, AbstractValue> Variables { get; private set; } = [];

    public Summary Run()
    {
        if (_function.Body is not { } body)
        {
            _analysis.NotUnderstand(new Finding(_function.Problem ?? "a call", _function.FullName, 0));
            return Summary.Nothing with { Result = AbstractValue.Unknown(ObjectSet.Empty) };
        }

        do
        {
            _changed = false;
            Variables = Arguments();
            Block(body);
        }
        while (_changed);

        return Summarise();
    }

    /// <summary>The variables as they are now, which later assignments leave.</summary>
    public Dictionary<string, AbstractValue> CopyVariables()
    {
        _analysis.Copies(Variables.Count);
        return new Dictionary<string, AbstractValue>(Variables, StringComparer.Ordinal);
    }

    /// <summary>Leaves a scope of variables.</summary>
    public void Restore(Dictionary<string, AbstractValue> variables) => Variables = variables;

    public Finding At(string operation, int line) => new(operation, _function.FullName, line);

    /// <summary>What objects hold.</summary>
    public ObjectSet Inside(ObjectSet objects)
    {
        var inside = ObjectSet.Empty;
        foreach (var one in objects.Items)
        {
            inside = inside.With(
                AbstractObjects.IsState(one) ? _analysis.Inside(one).With(_contents.GetValueOrDefault(one))
                : one < 0 ? ObjectSet.Of(AbstractObjects.IsArgument(one) ? AbstractObjects.Inside(one) : one).With(_inArguments)
                : _contents.GetValueOrDefault(one));
        }

        return inside;
    }

    /// <summary>All that objects hold, and what that holds.</summary>
    public ObjectSet Reach(ObjectSet objects)
    {
        var reached = Inside(objects);
        for (var more = reached.With(Inside(reached)); !more.Equals(reached); more = reached.With(Inside(reached)))
        {
            reached = more;
        }

        return reached;
    }

    /// <summary>Whether a value is the same whatever the elements of a call's tensors are, and stays so.</summary>
    public bool IsFixed(AbstractValue value)
    {
        var isFixed = value.IsScalar || value.IsFixed;
        foreach (var one in value.Objects.Items)
        {
            isFixed &= !_touched.Contains(one);
        }

        return isFixed;
    }

    /// <summary>Something that computes over the rows of a call's tensors.</summary>
    public void MixRows(Finding? finding) => _mixesRows ??= finding;

    public void Write(ObjectSet objects, Finding finding)
    {
        foreach (var one in objects.Items)
        {
            // With what, is not followed.
            _changed |= _touched.Add(one);
            if (AbstractObjects.IsState(one))
            {
                _analysis.Write(one, finding);
            }
            else if (one < 0)
            {
                _writes.TryAdd(one, finding);
            }
        }
    }

    /// <summary>Objects hold further ones from now on.</summary>
    public void Store(ObjectSet objects, ObjectSet stored)
    {
        foreach (var one in objects.Items)
        {
            Hold(one, stored);
            if (AbstractObjects.IsState(one))
            {
                _analysis.Store(one, stored.With(Reach(stored)));
            }

            if (one < 0 && !_inArguments.With(stored).Equals(_inArguments))
            {
                // Two arguments may be the same list.
                _inArguments = _inArguments.With(stored);
                _changed = true;
            }
        }
    }

    public void Assign(Expression target, AbstractValue value)
    {
        switch (target)
        {
            case Expression.Name name:
                Variables[name.Id] = value;
                break;
            case Expression.Container tuple:
                for (var i = 0; i < tuple.Parts.Length; i++)
                {
                    Assign(tuple.Parts[i], _expressions.Element(value, i));
                }

                break;
            case Expression.Member member:
                _expressions.SetAttribute(member, value);
                break;
            case Expression.Item item:
                var container = _expressions.Evaluate(item.Of);
                _expressions.RequireBuiltIn(container, "__setitem__", item);
                Write(container.Objects, At("the assignment to an item", item.Line));
                Store(container.Objects, value.Objects);
                break;
            default:
                _analysis.NotUnderstand(At("an assignment", target.Line));
                break;
        }
    }

    private Dictionary<string, AbstractValue> Arguments()
    {
        var variables = new Dictionary<string, AbstractValue>(StringComparer.Ordinal);
        for (var i = 0; i < _function.Parameters.Length; i++)
        {
            var parameter = _function.Parameters[i];
            var type = parameter.Type is { } declared ? ScriptType.Parse(declared) : i == 0 ? SelfType() : null;
            var truth = i < _given.Length ? _given[i].Truth
                : parameter.Default is Expression.Constant constant ? constant.Truth : Truth.Unknown;
            // A list that stands for an argument that is left out is the same one in every call.
            var shared = parameter is { DefaultText: not null, Default: null or Expression.Container }
                ? ObjectSet.Of(AbstractObjects.Constants) : ObjectSet.Empty;
            variables[parameter.Name] = truth == Truth.None && type?.Name is null or "Optional" or "NoneType"
                ? AbstractValue.None with { Type = type }
                : new AbstractValue(
                    ObjectSet.Of(AbstractObjects.Argument(i)).With(shared), truth == Truth.None ? Truth.Unknown : truth, type, null)
                {
                    IsFixed = i < _given.Length && _given[i].IsFixed,
                }
                .As(type);
        }

        return variables;
    }

    private ScriptType? SelfType() =>
        _analysis.Syntax.Class(_function.FullName[.._function.FullName.LastIndexOf('.')]) is { } type
            ? new ScriptType(type.FullName, []) : null;

    private void Hold(int one, ObjectSet stored)
    {
        var held = _contents.GetValueOrDefault(one).With(stored);
        _changed |= !held.Equals(_contents.GetValueOrDefault(one));
        _contents[one] = held;
    }

    private void Block(ImmutableArray<Statement> statements)
    {
        foreach (var statement in statements)
        {
            Take(statement);
        }
    }

    private void Take(Statement statement)
    {
        if (!_analysis.GoesOn(this))
        {
            return;
        }

        switch (statement)
        {
            case Statement.Assign assign:
                var value = _expressions.Evaluate(assign.Value);
                value = assign.Type is null ? value : value.As(assign.Type);
                foreach (var target in assign.Targets)
                {
                    Assign(target, value);
                }

                break;
            case Statement.Augment augment:
                Augment(augment);
                break;
            case Statement.Evaluate evaluate:
                _expressions.Evaluate(evaluate.Value);
                break;
            case Statement.If branch:
                If(branch);
                break;
            case Statement.While loop:
                Loop(
                    () =>
                    {
                        _expressions.Evaluate(loop.Condition);
                        Block(loop.Body);
                    });
                _expressions.Evaluate(loop.Condition);
                break;
            case Statement.For loop:
                var source = _expressions.Evaluate(loop.Source);
                Loop(
                    () =>
                    {
                        Assign(loop.Target, _expressions.Element(source, ExpressionAnalysis.AnyIndex));
                        Block(loop.Body);
                    });
                break;
            case Statement.With with:
                With(with);
                break;
            case Statement.Return given:
                var answer = (given.Value is { } returned ? _expressions.Evaluate(returned) : AbstractValue.None).As(_function.Result);
                answer = answer with { IsFixed = IsFixed(answer) };
                var result = _result?.Or(answer) ?? answer;
                _changed |= !result.Equals(_result);
                _result = result;
                break;
            case Statement.Jump:
                if (_jumps.TryPeek(out var jumps))
                {
                    jumps.Add(CopyVariables());
                }

                break;
            case Statement.Delete { Target: Expression.Item item }:
                var holder = _expressions.Evaluate(item.Of);
                _expressions.RequireBuiltIn(holder, "__delitem__", item);
                Write(holder.Objects, At("the deletion of an item", item.Line));
                break;
            case Statement.Delete { Target: not Expression.Name } delete:
                _analysis.NotUnderstand(At("a deletion", delete.Target.Line));
                break;
        }
    }

    // In place for tensors and lists; the variable or attribute is assigned as well.
    private void Augment(Statement.Augment augment)
    {
        var target = _expressions.Evaluate(augment.Target);
        var value = _expressions.Evaluate(augment.Value);
        _expressions.RequireBuiltIn(target, null, augment.Target);
        Write(target.Objects, At(augment.Symbol, augment.Target.Line));
        Store(target.Objects, value.IsTensor || value.IsScalar ? ObjectSet.Empty : Inside(value.Objects));
        if (augment.Target is Expression.Name || !target.IsTensor)
        {
            Assign(augment.Target, target with { Truth = Truth.Unknown });
        }
    }

    private void If(Statement.If branch)
    {
        var condition = _expressions.Evaluate(branch.Condition).Truth;
        if (condition != Truth.Unknown)
        {
            Block(condition == Truth.True ? branch.Then : branch.Else);
            return;
        }

        var before = CopyVariables();
        Block(branch.Then);
        var then = Variables;
        Variables = before;
        Block(branch.Else);
        Variables = Join(then, Variables);
    }

    private void Loop(Action body)
    {
        while (true)
        {
            var before = CopyVariables();
            _jumps.Push([]);
            body();
            var after = _jumps.Pop().Aggregate(Join(before, Variables), Join);
            Variables = after;
            if (after.Count == before.Count && after.All(item => before.TryGetValue(item.Key, out var value) && value.Equals(item.Value)))
            {
                return;
            }
        }
    }

    private void With(Statement.With with)
    {
        foreach (var (value, target) in with.Items)
        {
            var entered = _expressions.Evaluate(value);
            var given = _expressions.CallMethod(entered, "__enter__", [], value);
            _expressions.CallMethod(entered, "__exit__", [AbstractValue.None, AbstractValue.None, AbstractValue.None], value);
            if (target is not null)
            {
                Assign(target, given);
            }
        }

        Block(with.Body);
    }

    // A variable that only one side has is not used behind a branch, or is what that side made it.
    private static Dictionary<string, AbstractValue> Join(Dictionary<string, AbstractValue> one, Dictionary<string, AbstractValue> other)
    {
        var joined = new Dictionary<string, AbstractValue>(one, StringComparer.Ordinal);
        foreach (var (name, value) in other)
        {
            joined[name] = one.TryGetValue(name, out var here) ? here.Or(value) : value;
        }

        return joined;
    }

    private Summary Summarise()
    {
        // What it stores in the state is followed by who calls it, for it may be an argument.
        var held = _contents.Where(item => item.Key < AbstractObjects.Made).ToList();
        var stored = held.SelectMany(item => item.Value.Items.ToArray());
        var leaving = ObjectSet.Of([.. (_result?.Objects ?? ObjectSet.Empty).Items, .. stored]);
        return new Summary
        {
            Result = _result is { } result ? result with { Objects = Outside(result.Objects) } : null,
            FreshContents = Outside(Reach(ObjectSet.Of([.. leaving.Items.ToArray().Where(one => one >= AbstractObjects.Made)]))),
            Writes = _writes,
            MixesRows = _mixesRows,
            Stores = held.ToDictionary(item => item.Key, item => Outside(item.Value)),
        };
    }

    private static ObjectSet Outside(ObjectSet objects) =>
        ObjectSet.Of([.. objects.Items.ToArray().Select(one => one >= AbstractObjects.Made ? AbstractObjects.Fresh : one)]);
}
