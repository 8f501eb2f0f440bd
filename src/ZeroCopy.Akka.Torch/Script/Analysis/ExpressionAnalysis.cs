using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>The values of a function's expressions, and what these do: attributes, items, operators, calls.</summary>
internal sealed class ExpressionAnalysis(WriteAnalysis analysis, FunctionAnalysis function)
{
    // What the operators of the language call where a class defines them.
    private static readonly ImmutableDictionary<string, string> Magic = new Dictionary<string, string>
    {
        ["+"] = "__add__",
        ["-"] = "__sub__",
        ["*"] = "__mul__",
        ["/"] = "__truediv__",
        ["//"] = "__floordiv__",
        ["%"] = "__mod__",
        ["**"] = "__pow__",
        ["@"] = "__matmul__",
        ["&"] = "__and__",
        ["|"] = "__or__",
        ["^"] = "__xor__",
        ["<<"] = "__lshift__",
        [">>"] = "__rshift__",
        ["=="] = "__eq__",
        ["!="] = "__ne__",
        ["<"] = "__lt__",
        [">"] = "__gt__",
        ["<="] = "__le__",
        [">="] = "__ge__",
        ["in"] = "__contains__",
        ["not in"] = "__contains__",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    private static readonly ImmutableHashSet<string> Scalars =
    [
        "len", "int", "float", "bool", "str", "ord", "chr", "print", "range", "isinstance", "hasattr", "hash", "hex", "oct", "bin", "round",
        "divmod", "complex", "uninitialized", "id", "type",
    ];

    private static readonly ImmutableHashSet<string> Gatherers =
        ["list", "tuple", "dict", "enumerate", "zip", "reversed", "sorted", "iter"];

    private static readonly ImmutableHashSet<string> Elements = ["min", "max", "abs", "sum", "pow", "all", "any"];

    public AbstractValue Evaluate(Expression expression)
    {
        if (!analysis.GoesOn(function, expression.Line))
        {
            return AbstractValue.Scalar;
        }

        switch (expression)
        {
            case Expression.Constant { Truth: Truth.None }:
                return AbstractValue.None;
            case Expression.Constant constant:
                return AbstractValue.Scalar with { Truth = constant.Truth };
            case Expression.Text:
                return AbstractValue.Scalar;
            case Expression.Name name:
                return Variable(name);
            case Expression.Member member:
                return Global(member) ?? Attribute(Evaluate(member.Of), member.Id);
            case Expression.Item item:
                return Item(item);
            case Expression.Container container:
                return Gathered(container, container.Type, [.. container.Parts.Select(Evaluate)]);
            case Expression.Comprehension comprehension:
                return Comprehended(comprehension);
            case Expression.Operation operation:
                return Operation(operation);
            case Expression.Call call:
                return new CallAnalysis(analysis, function, this).Call(call);
            default:
                analysis.NotUnderstand(function.At("an expression", expression.Line));
                return AbstractValue.Scalar;
        }
    }

    /// <summary>The index of an element that may be any.</summary>
    public const int AnyIndex = int.MaxValue;

    /// <summary>An element of a list, tuple or dictionary.</summary>
    public AbstractValue Element(AbstractValue of, int index)
    {
        var type = of.Plain switch
        {
            { Name: "List" or "Future", Arguments: [var item] } => item,
            { Name: "Dict", Arguments: [var key, _] } => key,
            { Name: "Tuple", Arguments: var items } when index < items.Length => items[index],
            { Name: "Tensor" } tensor => tensor,
            { Name: var name } when analysis.Syntax.Class(name) is { Base: "NamedTuple" } named && index < named.Fields.Count =>
                named.Attributes[named.Fields[index]],
            _ => null,
        };
        // A part of a tensor is a view of it.
        var element = AbstractValue.Unknown(of.IsContainer ? function.Inside(of.Objects) : of.Objects.With(function.Inside(of.Objects)));
        return element.As(type) with { IsFixed = function.IsFixed(of) };
    }

    /// <summary>An attribute of a module, of an object, of a tensor, of a named tuple.</summary>
    public AbstractValue Attribute(AbstractValue of, string name)
    {
        if (of.Plain is { Name: var known } && analysis.Syntax.Class(known) is { IsInterface: false } type)
        {
            return AttributeOf(type, of, name);
        }

        var value = AbstractValue.Unknown(of.Objects.With(function.Inside(of.Objects)));
        return of.IsTensor || of.IsContainer ? value
            : analysis.Syntax.Classes.Where(one => one.IsModule && one.Attributes.ContainsKey(name))
                .Aggregate(value, (seen, one) => seen.Or(AttributeOf(one, of, name)));
    }

    public void SetAttribute(Expression.Member member, AbstractValue value)
    {
        var of = Evaluate(member.Of);
        if (of.Plain is not { Name: var known } || analysis.Syntax.Class(known) is not { IsInterface: false } type)
        {
            analysis.NotUnderstand(function.At($"the assignment to {member.Id}", member.Line));
        }
        else if (type.IsModule)
        {
            analysis.Assign(member.Id, function.At("an assignment", member.Line));
            function.Store(analysis.Field(type.FullName, member.Id), value.Objects);
        }
        else
        {
            function.Write(of.Objects, function.At($"the assignment to {member.Id}", member.Line));
            function.Store(of.Objects, value.Objects);
        }
    }

    /// <summary>A new list, tuple or dictionary.</summary>
    public AbstractValue Gathered(Expression place, string type, IEnumerable<AbstractValue> parts)
    {
        var made = ObjectSet.Of(analysis.Made(place));
        var values = parts.ToList();
        values.ForEach(part => function.Store(made, part.Objects));
        ImmutableArray<ScriptType> types = type == "Tuple" ? [.. values.Select(part => part.Type ?? new ScriptType("Any", []))] : [];
        return new AbstractValue(made, Truth.Unknown, new ScriptType(type, types), null) { IsFixed = values.TrueForAll(function.IsFixed) };
    }

    /// <summary>Calls a method by its name, of the value's class where that is known, else of each class that has one.</summary>
    public AbstractValue CallMethod(AbstractValue of, string name, ImmutableArray<AbstractValue> arguments, Expression place) =>
        new CallAnalysis(analysis, function, this).Method(of, name, arguments, [], place);

    /// <summary>What an assignment in place does is known of tensors and of what the language brings.</summary>
    public void RequireBuiltIn(AbstractValue of, string? magic, Expression place)
    {
        if (IsObject(of) && (magic is null ? analysis.Syntax.Class(of.Plain?.Name) is not null : analysis.Syntax.Methods(magic).Any()))
        {
            analysis.NotUnderstand(function.At(magic ?? "a change in place", place.Line));
        }
    }

    /// <summary>Calls what a class has for a function of the language, such as <c>len</c>.</summary>
    public void CallMagic(string name, ImmutableArray<AbstractValue> arguments, Expression place)
    {
        var magic = $"__{name}__";
        if (arguments is [var of, ..] && IsObject(of) && analysis.Syntax.Methods(magic).Any())
        {
            CallMethod(of, magic, arguments[1..], place);
        }
    }

    private AbstractValue Variable(Expression.Name name)
    {
        if (function.Variables.TryGetValue(name.Id, out var value))
        {
            return value;
        }

        if (name.Id is not ("inf" or "nan" or "infinity"))
        {
            analysis.NotUnderstand(function.At($"the name {name.Id}", name.Line));
        }

        return AbstractValue.Scalar;
    }

    // A dotted name that no variable begins.
    private AbstractValue? Global(Expression.Member member)
    {
        if (CallAnalysis.Dotted(member) is not { } path || function.Variables.ContainsKey(path[0]))
        {
            return null;
        }

        var name = string.Join('.', path);
        if (path[0] == "CONSTANTS")
        {
            return AbstractValue.Unknown(ObjectSet.Of(AbstractObjects.Constants)) with { IsFixed = true };
        }

        if (path[0] == "torch" && path.Count == 2)
        {
            // torch.float32, torch.strided.
            return AbstractValue.Scalar;
        }

        if (analysis.Syntax.Function(name) is { } target)
        {
            return new AbstractValue(ObjectSet.Empty, Truth.True, null, target);
        }

        if (analysis.Syntax.Class(string.Join('.', path.SkipLast(1))) is { Base: "Enum" })
        {
            return AbstractValue.Scalar;
        }

        if (path[0] is "torch" or "ops" or "__torch__" or "math")
        {
            analysis.NotUnderstand(function.At(name, member.Line));
            return AbstractValue.Scalar;
        }

        return null;
    }

    private AbstractValue AttributeOf(ScriptClass type, AbstractValue of, string name)
    {
        var declared = type.Attributes.GetValueOrDefault(name);
        if (!type.IsModule)
        {
            return AbstractValue.Unknown(function.Inside(of.Objects)).As(declared);
        }

        if (name == "training" && analysis.Evaluates(type.FullName))
        {
            return AbstractValue.Scalar with { Truth = Truth.False };
        }

        var isModule = declared is not null && analysis.Syntax.Class(declared.Name) is { IsModule: true };
        return AbstractValue.Unknown(isModule ? ObjectSet.Empty : analysis.Field(type.FullName, name)).As(declared) with { IsFixed = true };
    }

    private AbstractValue Item(Expression.Item item)
    {
        var of = Evaluate(item.Of);
        var indices = item.Index.Select(Evaluate).ToList();
        if (analysis.Syntax.Class(of.Plain?.Name) is { Base: not "NamedTuple" }
            || (of.Type is null && analysis.Syntax.Methods("__getitem__").Any()))
        {
            return CallMethod(of, "__getitem__", [.. indices], item);
        }

        if (item.IsSlice && !of.IsTensor)
        {
            // Another list or tuple of the same, or a view; what is known of its parts is not known of it.
            var part = Gathered(item, "List", [AbstractValue.Unknown(function.Inside(of.Objects))]);
            return AbstractValue.Unknown(of.Objects.With(part.Objects));
        }

        if (of.Plain is { Name: "Tuple", Arguments: var items } && items.Length > 0)
        {
            // Which of them is not followed: only what all of them are is known.
            return Element(of, AnyIndex).As(items.All(one => one.ToString() == items[0].ToString()) ? items[0] : null);
        }

        return of.Plain is { Name: "Dict", Arguments: var types }
            ? AbstractValue.Unknown(function.Inside(of.Objects)).As(types.ElementAtOrDefault(1)) : Element(of, 0);
    }

    private AbstractValue Comprehended(Expression.Comprehension comprehension)
    {
        var source = Evaluate(comprehension.Source);
        var made = Gathered(comprehension, comprehension.Type, []);
        // Its variables are its own.
        var outside = function.CopyVariables();
        // Twice: what the first round makes is there in the second.
        for (var round = 0; round < 2; round++)
        {
            function.Assign(comprehension.Target, Element(source, AnyIndex));
            foreach (var condition in comprehension.Conditions)
            {
                Evaluate(condition);
            }

            foreach (var part in comprehension.Parts)
            {
                function.Store(made.Objects, Evaluate(part).Objects);
            }
        }

        function.Restore(outside);
        return made;
    }

    private AbstractValue Operation(Expression.Operation operation)
    {
        var values = operation.Operands.Select(Evaluate).ToList();
        switch (operation.Symbol)
        {
            case "if":
                return values[0].Truth switch
                {
                    Truth.True => values[1],
                    Truth.False or Truth.None => values[2],
                    _ => values[1].Or(values[2]),
                };
            case "and" or "or":
                return Joined(operation.Symbol == "or", values[0], values[1]);
            case "not":
                return AbstractValue.Scalar with { Truth = Not(values[0].Truth) };
            case "is" or "is not":
                return AbstractValue.Scalar with { Truth = Is(values[0], values[1], operation.Symbol == "is") };
        }

        var magic = values.Count == 1 ? operation.Symbol == "~" ? "__invert__" : "__neg__" : Magic.GetValueOrDefault(operation.Symbol);
        if (magic is not null && values.Exists(IsObject) && analysis.Syntax.Methods(magic).Any())
        {
            if (magic == "__contains__")
            {
                // What is searched in is asked, and stands on the right.
                values.Reverse();
            }

            return CallMethod(values[0], magic, [.. values.Skip(1)], operation);
        }

        return Computed(operation, values);
    }

    /// <summary>What an operator of numbers, tensors or lists returns: a new tensor, or a list of what the lists hold.</summary>
    public AbstractValue Computed(Expression place, IReadOnlyList<AbstractValue> values)
    {
        if (values.All(value => value.IsScalar))
        {
            return AbstractValue.Scalar;
        }

        var made = ObjectSet.Of(analysis.Made(place));
        var isFixed = values.All(function.IsFixed);
        if (values.Any(value => value.IsTensor))
        {
            return AbstractValue.Tensor(made) with { IsFixed = isFixed };
        }

        foreach (var value in values.Where(value => !value.IsScalar))
        {
            function.Store(made, function.Inside(value.Objects));
        }

        var container = values.FirstOrDefault(value => value.IsContainer);
        return new AbstractValue(made, Truth.Unknown, container.Type, null) { IsFixed = isFixed };
    }

    /// <summary>Whether a value is <c>None</c>, compared with one that is.</summary>
    public static Truth Is(AbstractValue one, AbstractValue other, bool same)
    {
        var (value, none) = other.Truth == Truth.None ? (one, true) : (other, one.Truth == Truth.None);
        if (!none)
        {
            return Truth.Unknown;
        }

        var isNone = value.Truth == Truth.None ? true
            : value.Type is { Name: "Tensor" or "int" or "float" or "bool" or "str" or "List" or "Dict" } ? false : (bool?)null;
        return isNone is null ? Truth.Unknown : isNone == same ? Truth.True : Truth.False;
    }

    public static Truth Not(Truth truth) => truth switch
    {
        Truth.True => Truth.False,
        Truth.False or Truth.None => Truth.True,
        _ => Truth.Unknown,
    };

    public static bool IsScalarFunction(string name) => Scalars.Contains(name);

    public static bool IsGatherer(string name) => Gatherers.Contains(name);

    public static bool IsElementFunction(string name) => Elements.Contains(name);

    private static AbstractValue Joined(bool isOr, AbstractValue one, AbstractValue other)
    {
        var deciding = isOr ? Truth.True : Truth.False;
        return one.Truth == deciding || other.Truth == deciding ? AbstractValue.Scalar with { Truth = deciding }
            : one.Truth == Truth.Unknown || other.Truth == Truth.Unknown ? AbstractValue.Scalar
            : AbstractValue.Scalar with { Truth = isOr ? Truth.False : Truth.True };
    }

    private bool IsObject(AbstractValue value) =>
        !value.IsScalar && !value.IsTensor && !value.IsContainer
        && (value.Type is null || analysis.Syntax.Class(value.Plain?.Name) is not null);
}
