namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>An integer and the bytes of the pickle that say it.</summary>
internal sealed record PickleInteger(long Value, int Start, int End);

/// <summary>A truth value and the byte of the pickle that says it.</summary>
internal sealed record PickleBoolean(bool Value, int Start);

/// <summary>The name of a class or function, never resolved, and the bytes of the pickle that say it.</summary>
internal sealed record PickleGlobal(string Module, string Name, int Start, int End)
{
    public string FullName => $"{Module}.{Name}";
}

/// <summary>An object of a script class: its attributes in order. It is one only once it has got them.</summary>
internal sealed class PickleObject(PickleGlobal type)
{
    public PickleGlobal Type { get; } = type;

    public bool IsBuilt { get; private set; }

    public object? State { get; private set; }

    public void Build(object? state)
    {
        if (IsBuilt)
        {
            throw new InvalidCastException();
        }

        (State, IsBuilt) = (state, true);
    }
}

/// <summary>A list, or what a call that is not followed up makes of its arguments.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dictionary: keys and values in order.</summary>
internal sealed class PickleDictionary
{
    public List<(object? Key, object? Value)> Items { get; } = [];

    /// <summary>Where the operation starts that takes a run of pairs; null where pairs came one by one, or none.</summary>
    public int? ItemsEnd { get; set; }
}

/// <summary>The memory behind tensors: record <c>KEY</c> of the archive's folder.</summary>
internal sealed record PickleStorage(PickleStorageType Type, string Key, PickleInteger Count);

/// <summary>A sparse tensor: which elements there are, by their indices, and what they are.</summary>
/// <param name="Layout">libtorch's number of the form: 1 for a list of coordinates.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Indices">
/// For a list of coordinates a row for each dimension that is sparse, and a column for each element; else null.
/// </param>
/// <param name="Values">The elements, along the first dimension; null where the form is another.</param>
internal sealed record PickleSparse(long Layout, IReadOnlyList<long> Shape, PickleTensor? Indices, PickleTensor? Values)
{
    public const long Coordinates = 1;
}

/// <summary>A view of a storage whose elements are other ones than those there, which the last argument of the tensor says.</summary>
/// <param name="IsConjugate">Each is the conjugate of the one in the storage.</param>
/// <param name="IsNegative">Each is the negative of that.</param>
/// <param name="ArgumentsEnd">Where the operation stands that ends the arguments; null where that is not said.</param>
internal sealed record PickleLaziness(bool IsConjugate, bool IsNegative, int? ArgumentsEnd)
{
    public static PickleLaziness None { get; } = new(false, false, null);

    public bool IsLazy => IsConjugate || IsNegative;
}

/// <summary>A tensor in a storage, and where its bytes in the pickle end. Sizes in elements.</summary>
internal sealed class PickleTensor(
    PickleStorage storage,
    PickleInteger offset,
    PickleInteger[] shape,
    PickleInteger[] strides,
    bool quantized,
    PickleLaziness laziness,
    int end)
{
    public bool IsQuantized { get; } = quantized;

    public PickleLaziness Laziness { get; } = laziness;

    public int End { get; } = end;

    public PickleStorage Storage { get; } = storage;

    public PickleInteger Offset { get; } = offset;

    public PickleInteger[] Strides { get; } = strides;

    public long[] Sizes { get; } = [.. shape.Select(size => size.Value)];

    public long[] Steps { get; } = [.. strides.Select(step => step.Value)];
}
