using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
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
            [Tensor("b", new TensorLayout(DType.UInt8, 2), [7, 8]), Tensor("w", new TensorLayout(DType.Float32, 1, 1), [1, 2, 3, 4])],
            new Dictionary<string, string> { ["format"] = "pt" });

        var header =
            """{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"""
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]}}";
        var padded = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded.Length);
        Assert.Equal([.. length, .. padded, 1, 2, 3, 4, 7, 8], File.ReadAllBytes(path));
    }

    [Fact]
    public void SafetensorsWriter_should_write_empty_and_scalar_tensors_that_the_reader_takes()
    {
        var path = _directory.File("edge.safetensors");
        SafetensorsWriter.Write(
            path,
            [Tensor("empty", new TensorLayout(DType.Float32, 0, 3), []), Tensor("scalar", new TensorLayout(DType.Int64), new byte[8])]);

        Assert.Equal(["F32[0, 3]", "I64[]"], SafetensorsHeader.Read(path).Tensors.Select(tensor => tensor.Layout.ToString()).Order());
    }

    [Theory]
    [InlineData("a", DType.Complex128, "C64")]
    [InlineData("twice", DType.Float32, "two tensors")]
    [InlineData("__metadata__", DType.Float32, "two tensors")]
    public void SafetensorsWriter_should_refuse_what_the_format_cannot_hold(string name, DType dtype, string reason)
    {
        var layout = new TensorLayout(dtype, 1);
        var error = Assert.Throws<InvalidModelException>(() => SafetensorsWriter.Write(
            _directory.File("refused.safetensors"),
            [Tensor("twice", new TensorLayout(DType.Float32, 1), new byte[4]), Tensor(name, layout, new byte[layout.ByteLength])]));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    private static KeyValuePair<string, HostTensor> Tensor(string name, TensorLayout layout, byte[] bytes) =>
        new(name, new HostTensor(layout, bytes));
}
