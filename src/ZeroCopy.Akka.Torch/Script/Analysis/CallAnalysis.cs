using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>What calls do: of functions and methods by their summaries, of libtorch's operators by <see cref="Operators"/>.</summary>
internal sealed class CallAnalysis(WriteAnalysis analysis, FunctionAnalysis function, ExpressionAnalysis expressions)
{
    /// <summary>The parts of a dotted name; null for what is none.</summary>
    public static List<string>? Dotted(Expression expression)
    {
        var parts = new List<string>();
        while (expression is Expression.Member member)
        {
            parts.Add(member.Id);
            expression = member.Of;
        }

        if (expression is not Expression.Name name)
        {
            return null;
        }

        parts.Add(name.Id);
        parts.Reverse();
        return parts;
    }

    public AbstractValue Call(Expression.Call call)
    {
        if (Dotted(call.Function) is { } path && !function.Variables.ContainsKey(path[0]))
        {
            return Named(call, path);
        }

        var (arguments, named) = Given(call);
        if (call.Function is Expression.Member member)
        {
            return Method(expressions.Evaluate(member.Of), member.Id, arguments, named, call);
        }

        var target = expressions.Evaluate(call.Function);
        return target.Function is { } known ? Function(known, arguments, named, call) : Unknown("a call", call, arguments, named);
    }

    public AbstractValue Method(
        AbstractValue of,
        string name,
        ImmutableArray<AbstractValue> arguments,
        IReadOnlyList<(string Name, AbstractValue Value)> named,
        Expression place)
    {
        ImmutableArray<AbstractValue> all = [of, .. arguments];
        if (of.Plain is { Name: var known } && analysis.Syntax.Class(known) is { IsInterface: false } type)
        {
            return type.Methods.TryGetValue(name, out var method)
                ? Function(method, all, named, place) : Unknown($"{known}.{name}", place, all, named);
        }

        if (of.IsTensor || of.IsContainer || of.IsScalar)
        {
            return Operator("aten", name, all, named, place);
        }

        // An interface, or a type that is not known: whatever has such a method.
        var isInterface = of.Plain is { Name: var face } && analysis.Syntax.Class(face) is { IsInterface: true };
        var methods = analysis.Syntax.Methods(name).ToList();
        if (!isInterface && of.Plain is { Name: var foreign } && foreign.StartsWith("__torch__.", StringComparison.Ordinal))
        {
            return Unknown($"{foreign}.{name}", place, all, named);
        }

        var results = methods.ConvertAll(method => Function(method, all, named, place));
        if (!isInterface)
        {
            results.Add(Operator("aten", name, all, named, place));
        }

        return results.Count == 0 ? Unknown(name, place, all, named) : results.Aggregate((one, other) => one.Or(other));
    }

    private (ImmutableArray<AbstractValue> Arguments, List<(string Name, AbstractValue Value)> Named) Given(Expression.Call call) =>
        (
            [.. call.Arguments.Select(expressions.Evaluate)],
            [.. call.Named.Select(named => (named.Name, expressions.Evaluate(named.Value)))]);

    private AbstractValue Named(Expression.Call call, List<string> path)
    {
        if (path is ["annotate" or "unchecked_cast" or "cast", ..] && call.Arguments.Length == 2)
        {
            var type = ScriptType.Parse(TypeText(call.Arguments[0]));
            return expressions.Evaluate(call.Arguments[1]).As(type);
        }

        if (path is ["getattr"] && call.Arguments is [var of, Expression.Text name, ..])
        {
            return expressions.Attribute(expressions.Evaluate(of), name.Value);
        }

        if (path is ["isinstance" or "hasattr"] && call.Arguments is [var looked, ..])
        {
            // What is asked for is no value, but what is looked at may be a call.
            expressions.Evaluate(looked);
            return AbstractValue.Scalar;
        }

        if (path is ["uninitialized"] && call.Arguments is [var declared])
        {
            return AbstractValue.Unknown(ObjectSet.Empty).As(ScriptType.Parse(TypeText(declared)));
        }

        var target = string.Join('.', path);
        if (path is [.., "__new__"])
        {
            return Made(call, string.Join('.', path.SkipLast(1)));
        }

        var (arguments, named) = Given(call);
        return path switch
        {
            ["torch", var op] => Operator("aten", op, arguments, named, call),
            ["ops", var space, var op] => Operator(space, op, arguments, named, call),
            [var builtin] => Builtin(builtin, arguments, named, call),
            ["math", _] => AbstractValue.Scalar,
            _ when analysis.Syntax.Function(target) is { } known => Function(known, arguments, named, call),
            _ when analysis.Syntax.Class(target) is { } type => Construct(type, arguments, named, call),
            _ => Unknown(target, call, arguments, named),
        };
    }

    private AbstractValue Builtin(
        string name, ImmutableArray<AbstractValue> arguments, IReadOnlyList<(string Name, AbstractValue Value)> named, Expression place)
    {
        if (name == "bool" && arguments is [{ IsScalar: true }])
        {
            return AbstractValue.Scalar with { Truth = arguments[0].Truth };
        }

        if (arguments.Length > 0)
        {
            expressions.CallMagic(name, arguments, place);
        }

        if (RowOperators.IsConversion(name) && arguments.Any(IsOfElements))
        {
            function.MixRows(function.At(name, place.Line));
        }

        return ExpressionAnalysis.IsScalarFunction(name) ? AbstractValue.Scalar
            : ExpressionAnalysis.IsElementFunction(name) ? Mixed(arguments)
            : ExpressionAnalysis.IsGatherer(name) ? Gathered(arguments, place)
            : Unknown(name, place, arguments, named);
    }

    private AbstractValue Mixed(ImmutableArray<AbstractValue> arguments) => arguments.All(argument => argument.IsScalar)
        ? AbstractValue.Scalar : AbstractValue.Unknown(All(arguments));

    private AbstractValue Gathered(ImmutableArray<AbstractValue> arguments, Expression place)
    {
        var made = expressions.Gathered(place, "List", []);
        foreach (var argument in arguments)
        {
            function.Store(made.Objects, function.Inside(argument.Objects));
        }

        // Pairs of a dictionary or an enumeration are inside of what it returns.
        function.Store(made.Objects, made.Objects);
        var rest = arguments.Where(argument => !argument.IsContainer)
            .Aggregate(ObjectSet.Empty, (objects, argument) => objects.With(argument.Objects));
        return (made with { Objects = made.Objects.With(rest), Type = rest.IsEmpty ? made.Type : null }).As(null);
    }

    private AbstractValue Construct(
        ScriptClass type,
        ImmutableArray<AbstractValue> arguments,
        IReadOnlyList<(string Name, AbstractValue Value)> named,
        Expression place)
    {
        var made = Made(place, type.FullName);
        if (type.Methods.TryGetValue("__init__", out var initialise))
        {
            Function(initialise, [made, .. arguments], named, place);
        }
        else
        {
            arguments.Concat(named.Select(item => item.Value)).ToList().ForEach(argument => function.Store(made.Objects, argument.Objects));
        }

        return made;
    }

    private AbstractValue Made(Expression place, string type)
    {
        if (analysis.Syntax.Class(type) is not { IsModule: false })
        {
            analysis.NotUnderstand(function.At($"the making of a {type}", place.Line));
        }

        return new AbstractValue(ObjectSet.Of(analysis.Made(place)), Truth.Unknown, new ScriptType(type, []), null);
    }

    private AbstractValue Function(
        ScriptFunction target,
        ImmutableArray<AbstractValue> arguments,
        IReadOnlyList<(string Name, AbstractValue Value)> named,
        Expression place)
    {
        var given = target.Parameters.Select((parameter, index) => index < arguments.Length ? arguments[index]
            : named.Any(item => item.Name == parameter.Name) ? named.First(item => item.Name == parameter.Name).Value
            : parameter.Default is { } value ? expressions.Evaluate(value) : AbstractValue.None).ToImmutableArray();
        var summary = analysis.Call(target, given);
        var made = ObjectSet.Of(analysis.Made(place));
        foreach (var (written, finding) in summary.Writes)
        {
            function.Write(Here(written), finding);
        }

        foreach (var (holder, stored) in summary.Stores)
        {
            function.Store(Here(holder), HereAll(stored));
        }

        function.MixRows(summary.MixesRows);
        function.Store(made, HereAll(summary.FreshContents));
        return summary.Result is { } result ? result with { Objects = HereAll(result.Objects) } : AbstractValue.Scalar.As(target.Result);

        ObjectSet HereAll(ObjectSet objects) => objects.Items.ToArray().Aggregate(ObjectSet.Empty, (here, one) => here.With(Here(one)));

        ObjectSet Here(int one) => one == AbstractObjects.Fresh ? made
            : one >= 0 ? ObjectSet.Of(one)
            : AbstractObjects.IndexOf(one) is var index && index >= given.Length ? ObjectSet.Empty
            : AbstractObjects.IsArgument(one) ? given[index].Objects
            : function.Reach(given[index].Objects);
    }

    private AbstractValue Operator(
        string space,
        string name,
        ImmutableArray<AbstractValue> arguments,
        IReadOnlyList<(string Name, AbstractValue Value)> named,
        Expression place)
    {
        var kind = Operators.KindOf(space, name);
        var called = space == "aten" ? $"torch.{name}" : $"ops.{space}.{name}";
        if (kind == OperatorKind.Opaque)
        {
            return Unknown(called, place, arguments, named);
        }

        var finding = function.At(called, place.Line);
        var writes = Operators.Writes(space, name, arguments);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (writes.Contains(i) || writes.Contains(Operators.All))
            {
                // A list of tensors to write to is written to where the tensors are.
                var inside = name[0] == '_' && name != "_set_item" ? function.Inside(arguments[i].Objects) : default;
                function.Write(arguments[i].Objects.With(inside), finding);
            }
        }

        foreach (var (_, value) in named)
        {
            // One tensor, or a list of them.
            function.Write(value.Objects.With(function.Reach(value.Objects)), finding);
        }

        if (space == "aten" && arguments.Length > 1 && Operators.Stores(name, arguments))
        {
            // What is put into a list stays there; what a list is extended by is inside of that one.
            function.Store(arguments[0].Objects, All(arguments[1..]));
        }

        if (RowOperators.Mixes(space, name, arguments, place) && arguments.Any(IsOfElements))
        {
            function.MixRows(finding);
        }

        var answer = Answer(space, name, kind, !writes.IsEmpty, arguments, named, place);
        var elements = RowOperators.IsFact(space, name) ? [] : RowOperators.ReadsLayoutAlone(space, name) ? arguments.Skip(1) : arguments;
        return answer.IsScalar ? answer
            : answer with { IsFixed = elements.Concat(named.Select(item => item.Value)).All(function.IsFixed) };
    }

    private bool IsOfElements(AbstractValue value) => !value.IsContainer && !function.IsFixed(value);

    private AbstractValue Answer(
        string space,
        string name,
        OperatorKind kind,
        bool writes,
        ImmutableArray<AbstractValue> arguments,
        IReadOnlyList<(string Name, AbstractValue Value)> named,
        Expression place)
    {
        if (space == "aten" && name is "__is__" or "__isnot__" && arguments.Length == 2)
        {
            return AbstractValue.Scalar with { Truth = ExpressionAnalysis.Is(arguments[0], arguments[1], name == "__is__") };
        }

        if (space == "aten" && name == "__not__" && arguments.Length == 1)
        {
            return AbstractValue.Scalar with { Truth = ExpressionAnalysis.Not(arguments[0].Truth) };
        }

        // What is written to is the answer as well.
        if (named.Any(item => !item.Value.Objects.IsEmpty))
        {
            return AbstractValue.Unknown(All([.. arguments, .. named.Select(item => item.Value)]));
        }

        var made = ObjectSet.Of(analysis.Made(place));
        switch (kind)
        {
            case OperatorKind.Fresh when name is "add" or "mul":
                return expressions.Computed(place, arguments);
            case OperatorKind.Fresh when space == "prim" && (name is not ("max" or "min") || arguments.All(argument => argument.IsScalar)):
                return AbstractValue.Scalar;
            case OperatorKind.Fresh when space == "prim":
                // The greater one of two lists is that list.
                return Mixed(arguments);
            case OperatorKind.Fresh when Operators.IsTensor(space, name):
                return AbstractValue.Tensor(made);
            case OperatorKind.Fresh:
                // Several tensors, each of them new, or one.
                function.Store(made, made);
                return AbstractValue.Unknown(made);
            case OperatorKind.View:
                var first = arguments.IsEmpty ? default : arguments[0];
                return first.IsScalar ? first : first.IsTensor ? AbstractValue.Tensor(first.Objects)
                    : AbstractValue.Unknown(first.Objects.With(function.Inside(first.Objects)));
            case OperatorKind.Views:
                function.Store(made, arguments.IsEmpty ? default : arguments[0].Objects);
                return new AbstractValue(made, Truth.Unknown, new ScriptType("List", [new ScriptType("Tensor", [])]), null);
            case OperatorKind.Container:
                return Gathered(arguments, place);
            default:
                if (arguments.All(argument => argument.IsScalar) && !writes)
                {
                    return AbstractValue.Unknown(made);
                }

                function.Store(made, All(arguments));
                return AbstractValue.Unknown(made.With(All(arguments)));
        }
    }

    // May be anything, and may write to anything.
    private AbstractValue Unknown(
        string called, Expression place, ImmutableArray<AbstractValue> arguments, IReadOnlyList<(string Name, AbstractValue Value)> named)
    {
        analysis.NotUnderstand(function.At(called, place.Line));
        return AbstractValue.Unknown(All([.. arguments, .. named.Select(item => item.Value)]));
    }

    private ObjectSet All(ImmutableArray<AbstractValue> values) => values.Aggregate(
        ObjectSet.Empty, (objects, value) => objects.With(value.Objects).With(value.IsTensor ? default : function.Inside(value.Objects)));

    private static string TypeText(Expression type) => type switch
    {
        Expression.Name name => name.Id,
        Expression.Member => string.Join('.', Dotted(type) ?? []),
        Expression.Item item => $"{TypeText(item.Of)}[{string.Join(", ", item.Index.Select(TypeText))}]",
        Expression.Constant { Truth: Truth.None } => "NoneType",
        _ => "Any",
    };
}
