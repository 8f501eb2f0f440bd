using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Safetensors;

public sealed class SafetensorsWriterSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void SafetensorsWriter_should_write_the_format_byte_for_byte()
    {
        var path = _directory.File("two.safetensors");
        SafetensorsWriter.Write(
            path,
            [Source("b", new TensorLayout(DType.UInt8, 2), [7, 8]), Source("w", new TensorLayout(DType.Float32, 1, 1), [1, 2, 3, 4])],
            new Dictionary<string, string> { ["format"] = "pt" });

        var header = """{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}""";
        var padded = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded.Length);
        Assert.Equal([.. length, .. padded, 1, 2, 3, 4, 7, 8], File.ReadAllBytes(path));
    }

    [Fact]
    public void SafetensorsWriter_should_write_a_transposed_tensor_row_by_row()
    {
        var path = _directory.File("transposed.safetensors");
        SafetensorsWriter.Write(path, [Source("t", new TensorLayout(DType.Int16, [2, 3], [1, 2]), MemoryMarshal.AsBytes<short>([1, 4, 2, 5, 3, 6]).ToArray())]);

        var tensor = Assert.Single(SafetensorsHeader.Read(path).Tensors);
        Assert.Equal([1, 2, 3, 4, 5, 6], MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(path).AsSpan((int)tensor.Offset)).ToArray());
    }

    [Fact]
    public void SafetensorsWriter_should_write_empty_and_scalar_tensors_that_the_reader_takes()
    {
        var path = _directory.File("edge.safetensors");
        SafetensorsWriter.Write(path, [Source("empty", new TensorLayout(DType.Float32, 0, 3), []), Source("scalar", new TensorLayout(DType.Int64), new byte[8])]);

        Assert.Equal(["F32[0, 3]", "I64[]"], SafetensorsHeader.Read(path).Tensors.Select(tensor => tensor.Layout.ToString()).Order());
    }

    [Theory]
    [InlineData("a", DType.Complex128, "C64")]
    [InlineData("twice", DType.Float32, "two tensors")]
    [InlineData("__metadata__", DType.Float32, "two tensors")]
    public void SafetensorsWriter_should_refuse_what_the_format_cannot_hold(string name, DType dtype, string reason)
    {
        var path = _directory.File("refused.safetensors");
        var layout = new TensorLayout(dtype, 1);
        var error = Assert.Throws<InvalidModelException>(() => SafetensorsWriter.Write(
            path, [Source("twice", new TensorLayout(DType.Float32, 1), new byte[4]), Source(name, layout, new byte[layout.ByteLength])]));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void SafetensorsWriter_should_leave_the_old_file_and_no_other_when_a_tensor_cannot_be_read()
    {
        var path = _directory.File("kept.safetensors");
        File.WriteAllText(path, "old");

        Assert.Throws<IOException>(() => SafetensorsWriter.Write(path, [new BrokenSource()]));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    private static ArraySource Source(string name, TensorLayout layout, byte[] bytes) => new(name, layout, bytes);

    private sealed class ArraySource(string name, TensorLayout layout, byte[] bytes) : TensorSource(name, TensorRole.Parameter, layout)
    {
        public override void Read(long offset, Span<byte> destination) => bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    private sealed class BrokenSource() : TensorSource("broken", TensorRole.Parameter, new TensorLayout(DType.UInt8, 4))
    {
        public override void Read(long offset, Span<byte> destination) => throw new IOException("broken");
    }
}
