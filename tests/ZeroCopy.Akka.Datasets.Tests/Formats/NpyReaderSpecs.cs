using System.Text;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Formats.Npy;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Formats;

public sealed class NpyReaderSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void NpyReader_should_read_what_numpy_writes()
    {
        var tensor = Read("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }", [1, 0, 2, 0, 3, 0, 4, 0]);

        Assert.Equal("I16[2, 2]", tensor.Layout.ToString());
        Assert.Equal([1, 2, 3, 4], tensor.Values<short>().ToArray());
    }

    [Fact]
    public void NpyReader_should_turn_big_endian_numbers() =>
        Assert.Equal([1f, -2f], Read(
            "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]).Values<float>().ToArray());

    [Fact]
    public void NpyReader_should_turn_each_part_of_a_big_endian_complex_number() =>
        Assert.Equal(
            [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0],
            Read("{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]).Data.ToArray());

    [Fact]
    public void NpyReader_should_put_a_fortran_array_in_row_major_order() =>
        Assert.Equal(
            [1, 2, 3, 4, 5, 6], Read("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [1, 4, 2, 5, 3, 6]).Data.ToArray());

    [Fact]
    public void NpyReader_should_take_the_keys_in_any_order() =>
        Assert.Equal("U8[2, 2]", Read("{'shape': (2, 2), 'descr': '|u1', 'fortran_order': False}\n", [1, 2, 3, 4]).Layout.ToString());

    [Theory]
    [InlineData("{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2, 2)}")]
    [InlineData("{'descr':'|u1','fortran_order':False,'shape':(2,2)}\n\n  \n")]
    [InlineData("\t{ 'descr' : '|u1' ,\n  'fortran_order' : False ,\r\n  'shape' : ( 2 , 2 , ) , }\n")]
    [InlineData("{u'descr': u'|u1', 'fortran_order': (False), 'shape': (2L, 2L)}")]
    public void NpyReader_should_read_the_header_as_the_python_literal_that_it_is(string header) =>
        Assert.Equal("U8[2, 2]", Read(header, [1, 2, 3, 4]).Layout.ToString());

    [Theory]
    [InlineData("float32", "F32[1]")]
    [InlineData("=f4", "F32[1]")]
    [InlineData("f", "F32[1]")]
    [InlineData("<i4", "I32[1]")]
    public void NpyReader_should_know_the_names_that_numpy_has_for_a_type(string type, string layout) =>
        Assert.Equal(layout, Read($"{{'descr': '{type}', 'fortran_order': False, 'shape': (1,)}}", [0, 0, 0, 0]).Layout.ToString());

    [Theory]
    [InlineData("<u2", "U16", new byte[] { 255, 254 }, new byte[] { 255, 254 })]
    [InlineData(">u2", "U16", new byte[] { 255, 254 }, new byte[] { 254, 255 })]
    [InlineData("<u4", "U32", new byte[] { 1, 2, 3, 255 }, new byte[] { 1, 2, 3, 255 })]
    [InlineData(">u8", "U64", new byte[] { 255, 2, 3, 4, 5, 6, 7, 8 }, new byte[] { 8, 7, 6, 5, 4, 3, 2, 255 })]
    public void NpyReader_should_read_integers_without_a_sign(string type, string token, byte[] data, byte[] expected)
    {
        var tensor = Read($"{{'descr': '{type}', 'fortran_order': False, 'shape': (1,), }}", data);

        Assert.Equal($"{token}[1]", tensor.Layout.ToString());
        Assert.Equal(expected, tensor.Data.ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void NpyReader_should_read_each_version_of_the_format(byte version)
    {
        var path = _directory.File("input.npy");
        var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"u8;
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, version, 0, (byte)header.Length, 0, 0, 0, .. header, 1, 2]);

        Assert.Equal([1, 2], NpyReader.Read(path).Data.ToArray());
    }

    [Fact]
    public void NpyReader_should_read_a_scalar() =>
        Assert.Equal("U8[]", Read("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", [9]).Layout.ToString());

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "pickled")]
    [InlineData("{'descr': [('a', '<f4'), ('O', '<f4')], 'fortran_order': False, 'shape': (1,), }", "records with the fields 'a', 'O'")]
    [InlineData("{'descr': [(('title', 'a'), '<f4', (2, 2))], 'fortran_order': False, 'shape': (1,), }", "records with the fields 'a'")]
    [InlineData("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", "'<U1' is not one of")]
    [InlineData("{'descr': '<O1', 'fortran_order': False, 'shape': (1,), }", "'<O1' is not one of")]
    [InlineData("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,), }", "dictionary")]
    [InlineData("{'descr': '|u1' 'fortran_order': False, 'shape': (4,)}", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)} 1", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}\0", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (04,)}", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': 4}", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (4.0,)}", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (4", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", "truncated")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "no single array")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (-4,), }", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,), }", "dictionary")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000, 4000000000), }", "larger than any file")]
    [InlineData("{'descr': '|u1', 'fortran_order': 1, 'shape': (4,), }", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), 'shape': (2,2)}", "dictionary")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), 'x': 1}", "dictionary")]
    [InlineData("{'descr': '|u1', 'shape': (4,)}", "dictionary")]
    [InlineData("x = {'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", "dictionary")]
    [InlineData("{'descr': '<>u1', 'fortran_order': False, 'shape': (4,)}", "astype")]
    [InlineData("nonsense", "dictionary")]
    public void NpyReader_should_say_what_is_wrong_when_the_header_does_not_fit(string header, string reason)
    {
        var error = Assert.Throws<DatasetException>(() => Read(header, [1, 2, 3, 4]));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("input.npy", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x93, (byte)'N', (byte)'U' })]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })]
    [InlineData(new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0 })]
    [InlineData(new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 9, 0, 1, 0 })]
    [InlineData(new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 255, 255 })]
    public void NpyReader_should_refuse_a_file_without_a_whole_head(byte[] content)
    {
        var path = _directory.File("input.npy");
        File.WriteAllBytes(path, content);
        Assert.Throws<DatasetException>(() => NpyReader.Read(path));
    }

    [Fact]
    public async Task NpyReader_should_refuse_a_fortran_array_of_rows_that_no_memory_turns_when_it_opens_it()
    {
        const long rows = 1L << 31;
        var path = _directory.File("input.npy");
        var header = Encoding.ASCII.GetBytes($"{{'descr': '|u1', 'fortran_order': True, 'shape': ({rows}, 1)}}");
        await using (var file = File.Create(path))
        {
            file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
            file.SetLength(file.Length + rows);
        }

        var error = await Assert.ThrowsAsync<DatasetException>(
            () => DatasetFormats.OpenReaderAsync(path, CancellationToken.None).AsTask());

        Assert.Contains("input.npy", error.Message, StringComparison.Ordinal);
        Assert.Contains("Fortran", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NpyWriter_should_write_what_the_reader_reads_with_data_on_64_bytes()
    {
        var path = _directory.File("output.npy");
        NpyWriter.Write(path, path, [new NamedTensor("output", HostTensor.From<double>(DType.Float64, [0.5, double.NaN], 1, 2))]);

        Assert.Equal(64 * 2 + 16, new FileInfo(path).Length);
        Assert.Equal([0.5, double.NaN], NpyReader.Read(path).Values<double>().ToArray());
    }

    [Theory]
    [InlineData(2, DType.Float32, "one tensor")]
    [InlineData(1, DType.BFloat16, ".safetensors")]
    public void NpyWriter_should_refuse_what_the_format_cannot_hold(int count, DType dtype, string reason)
    {
        var layout = new TensorLayout(dtype, 1);
        var tensors = Enumerable.Range(0, count).Select(
            index => new NamedTensor($"output_{index}", new HostTensor(layout, new byte[layout.ByteLength])));

        var path = _directory.File("output.npy");
        var error = Assert.Throws<DatasetException>(() => NpyWriter.Write(path, path, [.. tensors]));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private HostTensor Read(string header, byte[] data)
    {
        var path = _directory.File("input.npy");
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data]);
        return NpyReader.Read(path);
    }
}
