using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>What is known of a value.</summary>
/// <param name="Objects">What it may be, or share its memory with: nothing for what cannot change, such as a number.</param>
/// <param name="Truth">What it is as a condition.</param>
/// <param name="Type">Its type; null where it is not known.</param>
/// <param name="Function">The function that it is.</param>
internal readonly record struct AbstractValue(ObjectSet Objects, Truth Truth, ScriptType? Type, ScriptFunction? Function)
{
    /// <summary>
    /// Whether it is the same whatever the elements of a call's tensors are: a weight, or what comes of weights and of the sizes of
    /// tensors.
    /// </summary>
    public bool IsFixed { get; init; }

    private static readonly ScriptType Nothing = new("NoneType", []);
    private static readonly ScriptType Number = new("number", []);
    private static readonly ScriptType TensorType = new("Tensor", []);

    /// <summary>A number, a text, or another value that nothing changes.</summary>
    public static AbstractValue Scalar => new(ObjectSet.Empty, Truth.Unknown, Number, null);

    /// <summary><c>None</c>.</summary>
    public static AbstractValue None => new(ObjectSet.Empty, Truth.None, Nothing, null);

    /// <summary>A value whose type is not known.</summary>
    public static AbstractValue Unknown(ObjectSet objects) => new(objects, Truth.Unknown, null, null);

    /// <summary>A tensor.</summary>
    public static AbstractValue Tensor(ObjectSet objects) => new(objects, Truth.Unknown, TensorType, null);

    /// <summary>The type without what makes it optional.</summary>
    public ScriptType? Plain => Type is { Name: "Optional", Arguments: [var inner] } ? inner : Type;

    public bool IsTensor => Plain?.Name == "Tensor";

    public bool IsScalar => IsUnchanging(Type);

    public bool IsContainer => Plain?.Name is "List" or "Dict" or "Tuple";

    /// <summary>The value as one of a declared type.</summary>
    public AbstractValue As(ScriptType? type) => type is null ? this
        : type.Name == "NoneType" ? None
        : IsUnchanging(type)
            ? new AbstractValue(ObjectSet.Empty, Truth == Truth.None && type.Name != "Optional" ? Truth.Unknown : Truth, type, null)
        : this with { Type = type };

    /// <summary>A value that is this one or that one.</summary>
    public AbstractValue Or(AbstractValue other) => new(
        Objects.With(other.Objects),
        Truth == other.Truth ? Truth : Truth.Unknown,
        Same(Type, other.Type) ? Type : null,
        ReferenceEquals(Function, other.Function) ? Function : null)
    {
        IsFixed = (IsFixed || IsScalar) && (other.IsFixed || other.IsScalar),
    };

    public bool Equals(AbstractValue other) =>
        Objects.Equals(other.Objects) && Truth == other.Truth && ReferenceEquals(Function, other.Function) && Same(Type, other.Type)
        && IsFixed == other.IsFixed;

    public override int GetHashCode() => HashCode.Combine(Objects, Truth, Type?.Name);

    /// <summary>Whether a value of the type is never changed, and holds nothing that is.</summary>
    public static bool IsUnchanging(ScriptType? type) => type?.Name switch
    {
        "int" or "float" or "bool" or "str" or "complex" or "number" or "Scalar" or "NoneType" or "Device" or "Layout" or "MemoryFormat"
            or "QScheme" or "SymInt" => true,
        "Optional" => type.Arguments is [var inner] && IsUnchanging(inner),
        _ => false,
    };

    private static bool Same(ScriptType? one, ScriptType? other) =>
        ReferenceEquals(one, other) || (one is not null && other is not null && one.ToString() == other.ToString());
}
