using System.Numerics;
using System.Runtime.InteropServices;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>
/// Numbers of one element type as those of another. Integers must fit, floats going to integers must be whole, and a finite number never
/// becomes infinite; floats are rounded to the nearest.
/// </summary>
internal static class NumberConversion
{
    /// <summary>The element types that numbers of columns have.</summary>
    public static bool IsSupported(DType dtype) =>
        dtype is DType.Bool or DType.UInt8 or DType.Int8 or DType.UInt16 or DType.Int16 or DType.UInt32
        or DType.Int32 or DType.UInt64 or DType.Int64 or DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64;

    /// <summary>Whether numbers of a type are rounded to those of another, which has fewer digits.</summary>
    public static bool Rounds(DType from, DType to) =>
        to is DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64 && Digits(from) > Digits(to);

    /// <summary>Converts all elements.</summary>
    /// <returns>Index of the first element that the type cannot hold; -1 where all are converted.</returns>
    /// <exception cref="NotSupportedException">One of the types is no type of columns of numbers.</exception>
    public static int Convert(DType from, ReadOnlySpan<byte> source, DType to, Span<byte> destination)
    {
        if (from == to)
        {
            source.CopyTo(destination);
            return -1;
        }

        return from switch
        {
            DType.Bool or DType.UInt8 => To<byte>(source, to, destination),
            DType.Int8 => To<sbyte>(source, to, destination),
            DType.UInt16 => To<ushort>(source, to, destination),
            DType.Int16 => To<short>(source, to, destination),
            DType.UInt32 => To<uint>(source, to, destination),
            DType.Int32 => To<int>(source, to, destination),
            DType.UInt64 => To<ulong>(source, to, destination),
            DType.Int64 => To<long>(source, to, destination),
            DType.Float16 => To<Half>(source, to, destination),
            DType.BFloat16 => To<float>(Widened(source), to, destination),
            DType.Float32 => To<float>(source, to, destination),
            DType.Float64 => To<double>(source, to, destination),
            _ => throw new NotSupportedException($"{from.ToToken()} is no type of numbers in columns."),
        };
    }

    // Binary digits that every number of so many has.
    private static int Digits(DType dtype) => dtype switch
    {
        DType.Float16 => 11,
        DType.BFloat16 => 8,
        DType.Float32 => 24,
        DType.Float64 => 53,
        _ => 8 * dtype.ElementSize(),
    };

    private static int To<TFrom>(ReadOnlySpan<byte> source, DType to, Span<byte> destination)
        where TFrom : unmanaged, INumber<TFrom>
    {
        var values = MemoryMarshal.Cast<byte, TFrom>(source);
        return to switch
        {
            DType.Bool => ToBool(values, destination),
            DType.UInt8 => ToInteger<TFrom, byte>(values, destination),
            DType.Int8 => ToInteger<TFrom, sbyte>(values, destination),
            DType.UInt16 => ToInteger<TFrom, ushort>(values, destination),
            DType.Int16 => ToInteger<TFrom, short>(values, destination),
            DType.UInt32 => ToInteger<TFrom, uint>(values, destination),
            DType.Int32 => ToInteger<TFrom, int>(values, destination),
            DType.UInt64 => ToInteger<TFrom, ulong>(values, destination),
            DType.Int64 => ToInteger<TFrom, long>(values, destination),
            DType.Float16 => ToFloat<TFrom, Half>(values, destination),
            DType.BFloat16 => ToBrainFloat(values, destination),
            DType.Float32 => ToFloat<TFrom, float>(values, destination),
            DType.Float64 => ToFloat<TFrom, double>(values, destination),
            _ => throw new NotSupportedException($"{to.ToToken()} is no type of numbers in columns."),
        };
    }

    private static int ToFloat<TFrom, TTo>(ReadOnlySpan<TFrom> values, Span<byte> destination)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, IBinaryFloatingPointIeee754<TTo>
    {
        var results = MemoryMarshal.Cast<byte, TTo>(destination);
        for (var i = 0; i < values.Length; i++)
        {
            results[i] = TTo.CreateSaturating(values[i]);
            if (!TTo.IsFinite(results[i]) && TFrom.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }

    // Every integer of at most 64 bits, and every float that could be one of them, has its like among those of 128.
    private static int ToInteger<TFrom, TTo>(ReadOnlySpan<TFrom> values, Span<byte> destination)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, IBinaryInteger<TTo>, IMinMaxValue<TTo>
    {
        var results = MemoryMarshal.Cast<byte, TTo>(destination);
        var (least, most) = (Int128.CreateChecked(TTo.MinValue), Int128.CreateChecked(TTo.MaxValue));
        for (var i = 0; i < values.Length; i++)
        {
            var whole = Int128.CreateSaturating(values[i]);
            if (whole < least || whole > most || TFrom.CreateSaturating(whole) != values[i])
            {
                return i;
            }

            results[i] = TTo.CreateTruncating(whole);
        }

        return -1;
    }

    private static int ToBool<TFrom>(ReadOnlySpan<TFrom> values, Span<byte> destination)
        where TFrom : unmanaged, INumber<TFrom>
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] != TFrom.Zero && values[i] != TFrom.One)
            {
                return i;
            }

            destination[i] = values[i] == TFrom.One ? (byte)1 : (byte)0;
        }

        return -1;
    }

    private static int ToBrainFloat<TFrom>(ReadOnlySpan<TFrom> values, Span<byte> destination)
        where TFrom : unmanaged, INumber<TFrom>
    {
        var results = MemoryMarshal.Cast<byte, ushort>(destination);
        for (var i = 0; i < values.Length; i++)
        {
            results[i] = BrainFloat.Round(values[i]);
            if (!BrainFloat.IsFinite(results[i]) && TFrom.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static ReadOnlySpan<byte> Widened(ReadOnlySpan<byte> source)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(source);
        var singles = new uint[halves.Length];
        for (var i = 0; i < halves.Length; i++)
        {
            singles[i] = (uint)halves[i] << 16;
        }

        return MemoryMarshal.AsBytes(singles.AsSpan());
    }
}
