using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats.Npy;

/// <summary>Reads a <c>.npy</c> file strictly; big-endian and Fortran-ordered arrays come out little-endian and row-major.</summary>
internal static class NpyReader
{
    /// <summary>Most bytes of an array that is read as a whole: what one piece of memory holds.</summary>
    public const int MaxBytes = 0x7FFFFFC7;

    private const int MaxHeaderBytes = 1 << 20;

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="DatasetException">It is none, or holds what is no tensor here.</exception>
    public static HostTensor Read(string path)
    {
        using var file = File.OpenRead(path);
        var array = ReadHead(file, path);
        if (array.Layout.ByteLength > MaxBytes)
        {
            throw DatasetException.At(path, $"{array.Layout} is over 2 GiB, the most that one input may have; split it.");
        }

        var data = ReadElements(file, array, array.Offset, (int)array.Layout.ByteLength);
        return new HostTensor(array.Layout, array.IsFortranOrder ? ToRowMajor(data, array.Layout) : data);
    }

    /// <summary>Reads what stands before the elements, and sees that the file has them all.</summary>
    /// <exception cref="DatasetException">It is none, or holds what is no tensor here.</exception>
    public static NpyArray ReadHead(FileStream file, string path)
    {
        var header = ReadHeader(file, path);
        var (dtype, bigEndian) = ReadType(path, header);
        var layout = Layout(path, dtype, header.Shape);
        var left = file.Length - file.Position;
        if (left != layout.ByteLength)
        {
            var problem = left < layout.ByteLength ? "truncated" : "no single array";
            throw DatasetException.At(
                path, $"{layout} takes {layout.ByteLength} bytes, and {left} follow the header; the file is {problem}.");
        }

        return new NpyArray(layout, file.Position, bigEndian, header.FortranOrder);
    }

    /// <summary>Some of the elements as they lie in the file, little-endian.</summary>
    public static byte[] ReadElements(FileStream file, NpyArray array, long offset, int bytes)
    {
        var data = new byte[bytes];
        file.Position = offset;
        file.ReadExactly(data);
        if (array.IsBigEndian)
        {
            SwapBytes(data, array.Layout.DType);
        }

        return data;
    }

    private static (DType DType, bool BigEndian) ReadType(string path, NpyHeader header)
    {
        if (header.Type is null)
        {
            throw DatasetException.At(
                path,
                $"its elements are records with the fields '{string.Join("', '", header.Fields)}'; save one field as an array of its own.");
        }

        if (header.Type.TrimStart('|') is "O" or "O4" or "O8" or "object")
        {
            throw DatasetException.At(path, "it holds pickled Python objects, which are never read here; save an array of numbers.");
        }

        return NpyType.TryParse(header.Type, out var dtype, out var bigEndian)
            ? (dtype, bigEndian)
            : throw DatasetException.At(
                path,
                $"its element type '{header.Type}' is not one of bool, u1, u2, u4, u8, i1, i2, i4, i8, f2, f4, f8, c8, c16; "
                + "convert it with astype.");
    }

    private static NpyHeader ReadHeader(Stream file, string path)
    {
        Span<byte> start = stackalloc byte[12];
        if (file.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false) < 8 || !IsMagic(start))
        {
            throw DatasetException.At(path, "it is not a .npy file: the magic number is missing; write it with numpy.save.");
        }

        var lengthBytes = start[6] == 1 ? 2 : 4;
        if (start[6] is < 1 or > 3 || file.ReadAtLeast(start.Slice(8, lengthBytes), lengthBytes, throwOnEndOfStream: false) < lengthBytes)
        {
            throw DatasetException.At(path, $"version {start[6]}.{start[7]} of the format is not read here, or the file is truncated.");
        }

        var length = lengthBytes == 2
            ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > MaxHeaderBytes || length > file.Length - file.Position)
        {
            throw DatasetException.At(path, $"its header of {length} bytes is longer than the file or than {MaxHeaderBytes} bytes.");
        }

        var text = new byte[length];
        file.ReadExactly(text);
        var encoding = start[6] == 3 ? Encoding.UTF8 : Encoding.Latin1;
        return NpyHeader.TryParse(encoding.GetString(text))
            ?? throw DatasetException.At(path, "its header is not a dictionary of 'descr', 'fortran_order' and 'shape'.");
    }

    private static bool IsMagic(ReadOnlySpan<byte> start) => start[0] == 0x93 && start[1..6].SequenceEqual("NUMPY"u8);

    private static TensorLayout Layout(string path, DType dtype, long[] shape)
    {
        try
        {
            return new TensorLayout(dtype, shape);
        }
        catch (OverflowException error)
        {
            throw DatasetException.At(path, $"the shape [{string.Join(", ", shape)}] is larger than any file.", error);
        }
    }

    private static void SwapBytes(Span<byte> data, DType dtype)
    {
        // A complex number is two numbers, each swapped by itself.
        var size = dtype is DType.Complex64 or DType.Complex128 ? dtype.ElementSize() / 2 : dtype.ElementSize();
        for (var offset = 0; offset < data.Length; offset += size)
        {
            data.Slice(offset, size).Reverse();
        }
    }

    private static byte[] ToRowMajor(byte[] data, TensorLayout layout)
    {
        var result = new byte[data.Length];
        var size = layout.DType.ElementSize();
        var index = new long[layout.Shape.Length];
        for (var offset = 0; offset < result.Length; offset += size)
        {
            var (source, stride) = (0L, 1L);
            for (var dimension = 0; dimension < index.Length; dimension++)
            {
                source += index[dimension] * stride;
                stride *= layout.Shape[dimension];
            }

            data.AsSpan((int)(source * size), size).CopyTo(result.AsSpan(offset));
            for (var dimension = index.Length - 1; dimension >= 0 && ++index[dimension] == layout.Shape[dimension]; dimension--)
            {
                index[dimension] = 0;
            }
        }

        return result;
    }
}
