using ZeroCopy.Content;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>The elements of a lazy conjugate or negative, made of those of its storage: signs are single bits.</summary>
internal sealed class LazyTensor : TensorSource
{
    private const byte Sign = 0x80;
    private readonly TensorSource _stored;
    private readonly int _part;
    private readonly bool _flipsReal;
    private readonly bool _flipsImaginary;

    /// <summary>A tensor of a type that <see cref="Has"/> its signs in bits of their own.</summary>
    public LazyTensor(TensorSource stored, PickleLaziness laziness)
        : base(stored.Name, stored.Role, stored.Layout, stored.Aliases)
    {
        _stored = stored;
        var isComplex = Layout.DType is DType.Complex64 or DType.Complex128;
        _part = Layout.DType.ElementSize() / (isComplex ? 2 : 1);
        _flipsReal = laziness.IsNegative;
        _flipsImaginary = isComplex ? laziness.IsNegative != laziness.IsConjugate : _flipsReal;
    }

    /// <summary>Whether elements of a type can be made so.</summary>
    public static bool Has(DType dtype) =>
        dtype is DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64 or DType.Complex64 or DType.Complex128;

    public override void Read(long offset, Span<byte> destination)
    {
        _stored.Read(offset, destination);

        // The sign is in the last byte of each part; parts are real and imaginary in turn, or all real.
        for (var at = _part - 1 - (int)(offset % _part); at < destination.Length; at += _part)
        {
            if ((offset + at) / _part % 2 == 0 ? _flipsReal : _flipsImaginary)
            {
                destination[at] ^= Sign;
            }
        }
    }
}
