using System.Globalization;
using System.Numerics;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Syntax;
using ZeroCopy.Torch.Views;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Reads what is given for an argument as its type says: a tensor as itself, its one element as a number, or its rows as a list or tuple
/// of numbers; a text; or a list, tuple or dictionary from its parts.
/// </summary>
internal static class ArgumentReader
{
    /// <summary>Most lists that are made of a tensor without elements.</summary>
    private const int MostEmptyRows = 100_000;

    /// <summary>
    /// The value: a <see cref="HostTensor"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="Complex"/> or
    /// <see cref="string"/>, null, or an array, a list or a dictionary of those.
    /// </summary>
    /// <param name="type">What the argument is.</param>
    /// <param name="name">The argument, for errors.</param>
    /// <param name="given">The whole argument, or all of its parts; at least one.</param>
    /// <exception cref="InputMismatchException">The value is not of that type.</exception>
    public static object? Read(ScriptType type, string name, IReadOnlyList<ArgumentPart<NamedTensor>> given)
    {
        if (type.Name == "Optional" && type.Arguments is [var some])
        {
            return given is [{ Name: "", Value.IsNone: true }] ? null : Read(some, name, given);
        }

        if (!type.IsData && type.Name != "number")
        {
            throw new InputMismatchException($"'{name}' is of the type {type}, of which no value can be given here.");
        }

        return given is [{ Name: "" } whole] ? Whole(type, name, whole.Value) : Parts(type, name, given);
    }

    private static object? Whole(ScriptType type, string name, NamedTensor value) => (type.Name, value) switch
    {
        ("str" or "Device", { IsText: true }) => value.ToText(),
        ("NoneType", { IsNone: true }) => null,
        (_, { IsText: true } or { IsNone: true }) => throw Mismatch(type, name, value),
        _ => Tensor(type, name, value.Tensor),
    };

    private static object? Tensor(ScriptType type, string name, HostTensor tensor) => type.Name switch
    {
        "Tensor" => tensor.Layout.DType.IsInTorch()
            ? tensor
            : throw new InputMismatchException(
                $"'{name}' is {tensor.Layout.DType.ToToken()}, a type that libtorch has no tensors of; convert it to another one."),
        // Numbers convert to others by themselves, so the object has to be said.
        "int" => (object)Integer(type, name, tensor),
        "float" => Real(type, name, tensor),
        "bool" when tensor.Layout is { DType: DType.Bool, ElementCount: 1 } => tensor.Data.Span[0] != 0,
        "complex" when tensor.Layout.DType is DType.Complex64 or DType.Complex128 =>
            Element(type, name, tensor, true, ScalarType.ComplexFloat64, item => item.item<Complex>()),
        "complex" => new Complex(Real(type, name, tensor), 0),
        "number" => IsInteger(tensor) ? (object)Integer(type, name, tensor) : Real(type, name, tensor),
        "List" => Rows(type, name, tensor).Select(row => Tensor(type.Arguments[0], name, row)).ToList(),
        "Tuple" when tensor.Layout.Shape is [var count, ..] && count == type.Arguments.Length =>
            Rows(type, name, tensor).Zip(type.Arguments, (row, part) => Tensor(part, name, row)).ToArray(),
        // A dictionary without entries has no parts to name.
        "Dict" when tensor.Layout.Shape is [0] => new Dictionary<object, object?>(),
        _ => throw Mismatch(type, name, tensor),
    };

    private static bool IsInteger(HostTensor tensor) =>
        tensor.Layout.DType is DType.UInt8 or DType.Int8 or DType.UInt16 or DType.Int16 or DType.UInt32 or DType.Int32 or DType.Int64
        || (tensor.Layout.DType == DType.UInt64 && tensor.Values<ulong>() is [<= long.MaxValue]);

    private static long Integer(ScriptType type, string name, HostTensor tensor) =>
        Element(type, name, tensor, IsInteger(tensor), ScalarType.Int64, item => item.item<long>());

    private static double Real(ScriptType type, string name, HostTensor tensor)
    {
        var dtype = tensor.Layout.DType;
        var isReal = dtype.IsInTorch() && dtype is not (DType.Bool or DType.Complex64 or DType.Complex128);
        var number = Element(type, name, tensor, isReal, ScalarType.Float64, item => item.item<double>());
        Int128? integer = dtype switch
        {
            DType.Int64 => tensor.Values<long>()[0],
            DType.UInt64 => tensor.Values<ulong>()[0],
            _ => null,
        };
        return integer is not { } exact || (Int128)number == exact ? number : throw new InputMismatchException(
            $"'{name}' must be {type}, and the input has {exact}, an integer that no {type} is equal to.");
    }

    private static T Element<T>(ScriptType type, string name, HostTensor tensor, bool fits, ScalarType target, Func<Tensor, T> read)
    {
        if (!fits || tensor.Layout.ElementCount != 1)
        {
            throw Mismatch(type, name, tensor);
        }

        using var scope = NewDisposeScope();
        return read(tensor.ToTorch().reshape().to(target));
    }

    private static IEnumerable<HostTensor> Rows(ScriptType type, string name, HostTensor tensor)
    {
        var shape = tensor.Layout.Shape;
        if (shape.IsEmpty || (shape[0] > 0 && type.Arguments.Any(part => part.Name == "Tensor")))
        {
            throw Mismatch(type, name, tensor);
        }

        // No bytes are behind their number.
        if (tensor.Data.IsEmpty && shape.TakeWhile(size => size > 0).Aggregate(1d, (count, size) => count * size) > MostEmptyRows)
        {
            throw new InputMismatchException(
                $"'{name}' has more than {MostEmptyRows} lists without elements in {tensor.Layout}, which are more than are taken.");
        }

        var row = new TensorLayout(tensor.Layout.DType, shape.AsSpan()[1..]);
        return Enumerable.Range(0, (int)shape[0]).Select(
            index => new HostTensor(row, tensor.Data.Slice((int)(index * row.ByteLength), (int)row.ByteLength)));
    }

    private static object? Parts(ScriptType type, string name, IReadOnlyList<ArgumentPart<NamedTensor>> given)
    {
        if (!ArgumentParts.Has(type))
        {
            throw Mismatch(type, name, given);
        }

        var groups = new Dictionary<string, List<ArgumentPart<NamedTensor>>>(StringComparer.Ordinal);
        foreach (var part in given)
        {
            var (first, rest) = ArgumentParts.Split(type, part.Name);
            (groups.TryGetValue(first, out var group) ? group : groups[first] = []).Add(part with { Name = rest ?? "" });
        }

        if (groups.FirstOrDefault(group => group.Value.Count > 1 && group.Value.Exists(part => part.Name.Length == 0)) is { Key: { } both })
        {
            throw new InputMismatchException($"'{name}.{both}' is given whole and in parts.");
        }

        return type.Name switch
        {
            "List" => Enumerable.Range(0, groups.Count).Select(index => Item(type.Arguments[0], index)).ToList(),
            "Tuple" when Enumerable.Range(0, type.Arguments.Length).Count(index => groups.ContainsKey(Place(index))) == groups.Count =>
                type.Arguments.Select(Item).ToArray(),
            "Dict" => Entries(),
            _ => throw Mismatch(type, name, given),
        };

        // What is nothing has no name, as in answers.
        object? Item(ScriptType part, int index) => groups.TryGetValue(Place(index), out var values) ? Read(part, $"{name}.{index}", values)
            : type.Name == "Tuple" && part.Name == "Optional" ? null
            : throw Mismatch(type, name, given);

        static string Place(int index) => index.ToString(CultureInfo.InvariantCulture);

        Dictionary<object, object?> Entries()
        {
            var entries = new Dictionary<object, object?>();
            foreach (var (key, values) in groups)
            {
                if (!entries.TryAdd(ScriptKeys.Parse(type.Arguments[0], key, name), Read(type.Arguments[1], $"{name}.{key}", values)))
                {
                    throw new InputMismatchException($"'{name}' has the key '{key}' twice.");
                }
            }

            return entries;
        }
    }

    private static InputMismatchException Mismatch(ScriptType type, string name, NamedTensor value) => value.IsText || value.IsNone
        ? new InputMismatchException($"'{name}' must be {type}, and the input has {(value.IsText ? "a text" : "nothing")}.")
        : Mismatch(type, name, value.Tensor);

    private static InputMismatchException Mismatch(ScriptType type, string name, HostTensor tensor) => new(
        $"'{name}' must be {type}, and the input has {tensor.Layout}."
        + (ArgumentParts.Has(type) ? $" Call its parts {ArgumentParts.Example(type, name)}, or give it in JSON." : ""));

    private static InputMismatchException Mismatch(ScriptType type, string name, IReadOnlyList<ArgumentPart<NamedTensor>> given) => new(
        $"'{name}' must be {type}, and the input has its parts {string.Join(", ", given.Select(part => $"'{name}.{part.Name}'"))}; "
        + $"call them {ArgumentParts.Example(type, name)} without a gap.");
}
