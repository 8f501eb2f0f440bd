using System.Text;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Checkpoints;

/// <summary>
/// Reads the headers of a TorchSharp <c>.dat</c> file: a count, then for each tensor its name, element type, rank, sizes and bytes.
/// Integers are LEB128. Source: TorchSharp's <c>nn.Module.save</c>.
/// </summary>
internal static class DatFile
{
    private const int MaxTensors = 1_000_000;
    private const int MaxNameBytes = 4096;
    private const int MaxRank = 64;

    /// <summary>The tensors of an open file.</summary>
    /// <exception cref="InvalidModelException">Corrupt, truncated, empty, or not such a file.</exception>
    public static List<TensorSource> Read(SafeFileHandle file, string path)
    {
        var reader = new Reader(file, path);
        var count = reader.Number(MaxTensors, "number of tensors");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var tensors = new List<TensorSource>();
        for (var i = 0L; i < count; i++)
        {
            var name = reader.Name();
            if (!names.Add(name))
            {
                throw reader.Invalid($"tensor '{name}' is there twice");
            }

            var dtype = reader.ElementType(name);
            var shape = new long[reader.Number(MaxRank, $"rank of tensor '{name}'")];
            for (var d = 0; d < shape.Length; d++)
            {
                shape[d] = reader.Number(long.MaxValue, $"size of tensor '{name}'");
            }

            tensors.Add(new FileTensorSource(name, TensorRole.Parameter, reader.Layout(name, dtype, shape, out var offset), file, offset));
        }

        reader.End();
        return tensors;
    }

    private sealed class Reader(SafeFileHandle file, string path)
    {
        private readonly long _length = RandomAccess.GetLength(file);
        private long _at;

        public InvalidModelException Invalid(string reason) => new(
            $"{path}: not a TorchSharp state dictionary, or corrupt: {reason} (at byte {_at} of {_length}). Save or copy the file again.");

        public long Number(long limit, string what)
        {
            var value = 0UL;
            Span<byte> next = stackalloc byte[1];
            for (var shift = 0; ; shift += 7)
            {
                Bytes(next);
                if (shift > 56)
                {
                    throw Invalid($"the {what} is no number");
                }

                value |= (ulong)(next[0] & 0x7f) << shift;
                if (next[0] < 0x80)
                {
                    return value <= (ulong)limit ? (long)value : throw Invalid($"the {what} is {value}, over the limit of {limit}");
                }
            }
        }

        public string Name()
        {
            var bytes = new byte[Number(MaxNameBytes, "length of a name")];
            Bytes(bytes);
            try
            {
                var name = new UTF8Encoding(false, true).GetString(bytes);
                return name.Length > 0 && !name.Any(char.IsControl) ? name : throw Invalid("a name is empty or has control characters");
            }
            catch (DecoderFallbackException)
            {
                throw Invalid("a name is not UTF-8");
            }
        }

        public DType ElementType(string name)
        {
            var type = (torch.ScalarType)(sbyte)Number(sbyte.MaxValue, $"type of tensor '{name}'");
            return type.IsStored() ? type.ToDType() : throw Invalid($"tensor '{name}' has the unknown element type {(int)type}");
        }

        public TensorLayout Layout(string name, DType dtype, long[] shape, out long offset)
        {
            TensorLayout layout;
            try
            {
                layout = new TensorLayout(dtype, shape);
            }
            catch (Exception exception) when (exception is ArgumentException or OverflowException)
            {
                throw Invalid($"the size of tensor '{name}' overflows");
            }

            if (layout.ByteLength > _length - _at)
            {
                throw Invalid($"tensor '{name}' needs {layout.ByteLength} bytes and {_length - _at} are left");
            }

            offset = _at;
            _at += layout.ByteLength;
            return layout;
        }

        public void End()
        {
            if (_at != _length)
            {
                throw Invalid($"{_length - _at} bytes follow the last tensor");
            }
        }

        private void Bytes(Span<byte> destination)
        {
            while (destination.Length > 0)
            {
                var read = RandomAccess.Read(file, destination, _at);
                if (read == 0)
                {
                    throw Invalid("the file ends too early");
                }

                destination = destination[read..];
                _at += read;
            }
        }
    }
}
