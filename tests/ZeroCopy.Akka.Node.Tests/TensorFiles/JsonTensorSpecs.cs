using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.TensorFiles;

public sealed class JsonTensorSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("[[1, 2], [3, 4]]", "I64[2, 2]")]
    [InlineData("[1, 2.5]", "F32[2]")]
    [InlineData("[1e2]", "F32[1]")]
    [InlineData("[true, false]", "BOOL[2]")]
    [InlineData("3", "I64[]")]
    [InlineData("[]", "F32[0]")]
    [InlineData("[[], []]", "F32[2, 0]")]
    [InlineData("""{"dtype": "BF16", "data": [1, 2]}""", "BF16[2]")]
    [InlineData("""{"dtype": "U8", "shape": [2, 1], "data": [1, 255]}""", "U8[2, 1]")]
    [InlineData("""{"dtype": "C64", "data": [[1, 2], [3, "NaN"], [5, 6]]}""", "C64[3]")]
    [InlineData("""{"dtype": "C128", "data": [1, 2]}""", "C128[]")]
    [InlineData("""{"dtype": "C128", "shape": [1, 2], "data": [[1, 2], [3, 4]]}""", "C128[1, 2]")]
    public void JsonTensorReader_should_find_type_and_shape(string json, string layout)
    {
        var tensor = Assert.Single(Read(json));
        Assert.Empty(tensor.Name);
        Assert.Equal(layout, tensor.Tensor.Layout.ToString());
    }

    [Fact]
    public void JsonTensorReader_should_keep_names_and_their_order() =>
        Assert.Equal(["b", "a"], Read("""{"b": [1], "a": [2]}""").Select(tensor => tensor.Name));

    [Fact]
    public void JsonTensorReader_should_take_the_names_of_numbers_that_json_has_not() =>
        Assert.Equal(
            [float.NaN, float.PositiveInfinity, float.NegativeInfinity],
            Read("""["NaN", "Infinity", "-Infinity"]""")[0].Tensor.Values<float>().ToArray());

    [Theory]
    [InlineData("[NaN]", "\"NaN\"")]
    [InlineData("[[1, 2]", "There is an open JSON object or array that should be closed (line 1, byte 8).")]
    [InlineData(" \n", "it is empty")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]", "depth of 64")]
    [InlineData("[[1, 2], [3]]", "rectangular")]
    [InlineData("[1, [2]]", "rectangular")]
    [InlineData("[1, null]", "rectangular")]
    [InlineData("[1e39]", "1e39")]
    [InlineData("[-1e400]", "-1e400")]
    [InlineData("[9223372036854775808]", "9223372036854775808")]
    [InlineData("[\"one\"]", "\"one\"")]
    [InlineData("[1, true]", "true")]
    [InlineData("""{"dtype": "U8", "data": [256]}""", "256")]
    [InlineData("""{"dtype": "I8", "data": [-129]}""", "-129")]
    [InlineData("""{"dtype": "I32", "data": [1.5]}""", "1.5")]
    [InlineData("""{"dtype": "I32", "data": ["NaN"]}""", "NaN")]
    [InlineData("""{"dtype": "F16", "data": [70000]}""", "70000")]
    [InlineData("""{"dtype": "BF16", "data": [3.4e38]}""", "3.4e38")]
    [InlineData("""{"dtype": "U64", "data": [18446744073709551616]}""", "18446744073709551616")]
    [InlineData("""{"dtype": "U16", "data": [-1]}""", "-1")]
    [InlineData("""{"dtype": "F4", "data": [1, 1]}""", "F4")]
    [InlineData("""{"dtype": "F99", "data": [1]}""", "F99")]
    [InlineData("""{"dtype": "F32", "shape": [3], "data": [1]}""", "shape [3]")]
    [InlineData("""{"dtype": "F32", "shape": [-1], "data": [1]}""", "no shape")]
    [InlineData("""{"dtype": "F32", "shape": "1", "data": [1]}""", "array of integers")]
    [InlineData("""{"x": {"data": [1]}}""", "dtype")]
    [InlineData("""{"x": [1], "x": [2]}""", "twice")]
    [InlineData("""{"dtype": "F32", "data": [1], "shapes": [1, 1]}""", "'shapes'")]
    [InlineData("""{"dtype": "C64", "data": [1, 2, 3]}""", "[real, imaginary]")]
    [InlineData("""{"dtype": "C64", "data": [1, 2], "shape": [2]}""", "takes 4")]
    [InlineData("""{"\ud800": [1]}""", "Unicode")]
    [InlineData("""["\ud800"]""", "\\ud800")]
    public void JsonTensorReader_should_say_what_is_wrong(string json, string reason)
    {
        var error = Assert.Throws<TensorFileException>(() => Read(json));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("input.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonTensorReader_should_refuse_deep_nesting_in_one_line() =>
        Assert.Throws<TensorFileException>(() => Read(new string('[', 100_000)));

    [Theory]
    [InlineData(DType.Bool, new byte[] { 1, 0 })]
    [InlineData(DType.UInt8, new byte[] { 1, 255 })]
    [InlineData(DType.Int8, new byte[] { 1, 255 })]
    [InlineData(DType.Int16, new byte[] { 1, 128, 255, 127 })]
    [InlineData(DType.UInt16, new byte[] { 1, 0, 255, 255 })]
    [InlineData(DType.UInt32, new byte[] { 1, 0, 0, 0, 255, 255, 255, 255 })]
    [InlineData(DType.UInt64, new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255 })]
    [InlineData(DType.Int32, new byte[] { 1, 0, 0, 128, 255, 255, 255, 127 })]
    [InlineData(DType.Int64, new byte[] { 1, 0, 0, 0, 0, 0, 0, 128, 255, 255, 255, 255, 255, 255, 255, 127 })]
    [InlineData(DType.Float16, new byte[] { 0x01, 0x3C, 0x00, 0xFC })]
    [InlineData(DType.BFloat16, new byte[] { 0x81, 0x3F, 0x80, 0xFF })]
    [InlineData(DType.Float32, new byte[] { 1, 0, 128, 63, 0, 0, 128, 127 })]
    [InlineData(DType.Complex64, new byte[] { 1, 0, 128, 63, 0, 0, 128, 127, 0, 0, 0, 128, 1, 0, 0, 0 })]
    [InlineData(DType.Float64, new byte[] { 1, 0, 0, 0, 0, 0, 240, 63, 1, 0, 0, 0, 0, 0, 0, 0 })]
    public void JsonTensorWriter_should_write_what_the_reader_reads_bit_for_bit(DType dtype, byte[] elements)
    {
        var path = _directory.File("round.json");
        TensorFile.Write(path, [new NamedTensor("output", new HostTensor(new TensorLayout(dtype, 2, 1), elements))]);

        var read = Assert.Single(TensorFileReading.Tensors(path));

        Assert.Equal("output", read.Name);
        Assert.Equal(new TensorLayout(dtype, 2, 1), read.Tensor.Layout);
        Assert.Equal(elements, read.Tensor.Data.ToArray());
    }

    [Theory]
    [InlineData(DType.Float16)]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    [InlineData(DType.Complex128)]
    public void JsonTensorWriter_should_write_any_number_so_that_no_bit_is_lost(DType dtype)
    {
        var layout = new TensorLayout(dtype, 5000);
        var bytes = new byte[layout.ByteLength];
        new Random(7).NextBytes(bytes);
        var path = _directory.File("random.json");
        TensorFile.Write(path, [new NamedTensor("x", new HostTensor(layout, bytes))]);
        var once = Assert.Single(TensorFileReading.Tensors(path)).Tensor.Data.ToArray();

        // Of not-a-number there is one only in JSON; everything else is as it was, also where it was written and read before.
        var part = dtype == DType.Complex128 ? sizeof(double) : dtype.ElementSize();
        var differing = Enumerable.Range(0, bytes.Length / part).Where(
            index => !bytes.AsSpan(index * part, part).SequenceEqual(once.AsSpan(index * part, part))).ToList();
        Assert.All(
            differing,
            index => Assert.True(IsNaN(dtype, bytes.AsSpan(index * part, part)) && IsNaN(dtype, once.AsSpan(index * part, part))));
    }

    private static bool IsNaN(DType dtype, ReadOnlySpan<byte> number) => dtype switch
    {
        DType.Float16 => Half.IsNaN(BinaryPrimitives.ReadHalfLittleEndian(number)),
        DType.BFloat16 => float.IsNaN(BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(number) << 16)),
        DType.Float32 => float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(number)),
        _ => double.IsNaN(BinaryPrimitives.ReadDoubleLittleEndian(number)),
    };

    private IReadOnlyList<NamedTensor> Read(string json)
    {
        var path = _directory.File("input.json");
        File.WriteAllText(path, json, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return TensorFileReading.Tensors(path);
    }
}
