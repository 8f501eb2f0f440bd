using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.Npy;

/// <summary>Writes one tensor as <c>.npy</c>, version 1.0, so that its data begin on 64 bytes.</summary>
internal static class NpyWriter
{
    private const int Alignment = 64;
    private const int PrefixBytes = 10;

    /// <param name="file">The file to write.</param>
    /// <param name="path">The name to use in errors.</param>
    /// <param name="tensors">Exactly one tensor.</param>
    public static void Write(string file, string path, IReadOnlyList<NamedTensor> tensors)
    {
        if (tensors.Count != 1)
        {
            throw DatasetException.At(
                path,
                $"a .npy file holds one tensor, and there {(tensors.Count == 0 ? "is none" : $"are {tensors.Count}")}; "
                + "write .safetensors or .json.");
        }

        var tensor = tensors[0].Tensor;
        using var stream = File.Create(file);
        WriteHead(stream, path, tensor.Layout);
        stream.Write(tensor.Data.Span);
    }

    /// <summary>Writes what stands before the elements.</summary>
    /// <exception cref="DatasetException">NumPy has no such type.</exception>
    public static void WriteHead(Stream stream, string path, TensorLayout layout)
    {
        var type = NpyType.Describe(layout.DType)
            ?? throw DatasetException.At(path, $"NumPy has no type for {layout.DType}; write .safetensors.");
        var shape = string.Concat(layout.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture) + ", "));
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape.TrimEnd()}), }}";
        var length = (PrefixBytes + header.Length + 1 + Alignment - 1) / Alignment * Alignment - PrefixBytes;

        Span<byte> prefix = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(prefix[8..], checked((ushort)length));
        stream.Write(prefix);
        stream.Write(Encoding.ASCII.GetBytes(header.PadRight(length - 1) + "\n"));
    }
}
