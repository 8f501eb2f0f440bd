using System.Buffers.Binary;
using CsCheck;
using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using static ZeroCopy.Tests.Safetensors.SafetensorsText;

namespace ZeroCopy.Tests.Safetensors;

public sealed class SafetensorsHeaderSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void SafetensorsHeader_should_read_names_types_shapes_places_and_metadata()
    {
        var header = Read(
            File(
                "{\"__metadata__\":{\"format\":\"pt\"}," + Entry("b", "BF16", "[2,2]", "[4,12]") + "," + Entry("a", "F32", "[]", "[0,4]")
                + "} ",
                12));
        Assert.Equal("pt", header.Metadata["format"]);
        Assert.Equal(["a", "b"], header.Tensors.Select(t => t.Name));
        Assert.Equal(new TensorLayout(DType.BFloat16, 2, 2), header.Tensors[1].Layout);
        Assert.Equal(header.DataOffset + 4, header.Tensors[1].Offset);
    }

    [Fact]
    public void SafetensorsHeader_should_read_empty_files_and_empty_tensors()
    {
        Assert.Empty(Read(File("{}", 0)).Tensors);
        Assert.Equal(0, Read(File("{" + Entry("a", "F32", "[0,5]", "[0,0]") + "}", 0)).Tensors[0].Layout.ByteLength);
    }

    [Fact]
    public void SafetensorsHeader_should_refuse_a_file_that_is_missing() =>
        Assert.Contains(
            "nothing.safetensors",
            Assert.Throws<InvalidModelException>(() => SafetensorsHeader.Read(_directory.File("nothing.safetensors"))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "too few")]
    [InlineData(7, "too few")]
    public void SafetensorsHeader_should_refuse_a_file_shorter_than_its_length_field(int bytes, string reason) =>
        Refuses(new byte[bytes], reason);

    [Theory]
    [InlineData(0ul, "has 0 bytes")]
    [InlineData(100_000_001ul, "1 to 100000000")]
    [InlineData(ulong.MaxValue, "1 to 100000000")]
    [InlineData(99ul, "longer than the file")]
    public void SafetensorsHeader_should_refuse_a_header_length_that_cannot_be(ulong length, string reason)
    {
        var file = File("{}", 4);
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Refuses(file, reason);
    }

    [Theory]
    [InlineData("[]", "does not begin")]
    [InlineData(" {}", "does not begin")]
    [InlineData("{", "no valid JSON")]
    [InlineData("{} {}", "no valid JSON")]
    [InlineData("{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "no valid JSON")]
    [InlineData("{\"a\":1}", "no object")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", "__metadata__")]
    [InlineData("{\"__metadata__\":[]}", "__metadata__")]
    [InlineData("{\"\\ud800\":{}}", "Unicode")]
    [InlineData("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", "'dtype'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "'shape'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "'data_offsets'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", "unknown field 'x'")]
    [InlineData("{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", "'dtype'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,4]}}", "'shape'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\"0\"}}", "'data_offsets'")]
    public void SafetensorsHeader_should_refuse_json_of_another_form(string header, string reason) => Refuses(File(header, 4), reason);

    [Theory]
    [InlineData("F33", "[1]", "[0,4]", "element type 'F33'")]
    [InlineData("C128", "[1]", "[0,16]", "element type 'C128'")]
    [InlineData("F32", "[-1]", "[0,4]", "-1")]
    [InlineData("F32", "[1.5]", "[0,4]", "1.5")]
    [InlineData("F32", "[\"1\"]", "[0,4]", "\"1\"")]
    [InlineData("F32", "[9223372036854775808]", "[0,4]", "9223372036854775808")]
    [InlineData("F32", "[4611686018427387904,4]", "[0,4]", "overflows")]
    [InlineData("F32", "[9223372036854775807]", "[0,4]", "overflows")]
    [InlineData("F32", "[2]", "[0,4]", "needs 8 bytes")]
    [InlineData("F32", "[1]", "[4,0]", "no [begin, end]")]
    [InlineData("F32", "[1]", "[0]", "no [begin, end]")]
    [InlineData("F32", "[1]", "[0,4,8]", "no [begin, end]")]
    [InlineData("F32", "[1]", "[-4,0]", "-4")]
    [InlineData("F32", "[2]", "[0,8]", "beyond")]
    [InlineData("U8", "[1]", "[3,4]", "a hole")]
    [InlineData("U8", "[1]", "[0,1]", "follow the last tensor")]
    public void SafetensorsHeader_should_refuse_a_tensor_that_does_not_fit(string dtype, string shape, string offsets, string reason) =>
        Refuses(File("{" + Entry("a", dtype, shape, offsets) + "}", 4), reason);

    [Theory]
    [InlineData("[0,2]", "[1,4]", "overlap")]
    [InlineData("[0,1]", "[2,4]", "hole")]
    [InlineData("[0,4]", "[0,4]", "overlap")]
    public void SafetensorsHeader_should_refuse_tensors_that_do_not_tile_the_data(string first, string second, string reason)
    {
        static string Shape(string offsets) => $"[{offsets[3] - offsets[1]}]";
        Refuses(File("{" + Entry("a", "U8", Shape(first), first) + "," + Entry("b", "U8", Shape(second), second) + "}", 4), reason);
    }

    [Fact]
    public void SafetensorsHeader_should_refuse_duplicate_names() =>
        Refuses(File("{" + Entry("a", "U8", "[2]", "[0,2]") + "," + Entry("a", "U8", "[2]", "[2,4]") + "}", 4), "no valid JSON");

    [Fact]
    public void SafetensorsHeader_should_refuse_text_that_is_not_utf8() =>
        Refuses(File([(byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}'], 0), "UTF-8");

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("a/./b")]
    [InlineData("a\\\\..\\\\b")]
    [InlineData("a\\u0000b")]
    [InlineData("a\\nb")]
    public void SafetensorsHeader_should_refuse_names_that_climb_or_hide_something(string name) =>
        Refuses(File("{" + Entry(name, "U8", "[4]", "[0,4]") + "}", 4), "no tensor name");

    [Theory]
    [InlineData("/model/Constant_output_0")]
    [InlineData("onnx::MatMul_123")]
    [InlineData("scope/")]
    [InlineData("a//b")]
    [InlineData("...")]
    public void SafetensorsHeader_should_read_names_of_graphs(string name) =>
        Assert.Equal(name, Read(File("{" + Entry(name, "U8", "[4]", "[0,4]") + "}", 4)).Tensors[0].Name);

    [Theory]
    [InlineData("U16", "[4]", 8)]
    [InlineData("U32", "[2]", 8)]
    [InlineData("U64", "[1]", 8)]
    [InlineData("F8_E4M3", "[8]", 8)]
    [InlineData("F8_E5M2", "[8]", 8)]
    [InlineData("F8_E8M0", "[8]", 8)]
    [InlineData("F8_E4M3FNUZ", "[8]", 8)]
    [InlineData("F8_E5M2FNUZ", "[8]", 8)]
    [InlineData("F6_E2M3", "[2, 4]", 6)]
    [InlineData("F6_E3M2", "[8]", 6)]
    [InlineData("F4", "[4]", 2)]
    [InlineData("F4", "[0]", 0)]
    public void SafetensorsHeader_should_read_every_type_of_the_format(string dtype, string shape, int bytes)
    {
        var tensor = Read(File("{" + Entry("a", dtype, shape, $"[0,{bytes}]") + "}", bytes)).Tensors[0];

        Assert.Equal((dtype, (long)bytes), (tensor.Layout.DType.ToToken(), tensor.Layout.ByteLength));
    }

    [Theory]
    [InlineData("F4", "[3]")]
    [InlineData("F6_E3M2", "[5]")]
    public void SafetensorsHeader_should_refuse_elements_that_fill_no_whole_bytes(string dtype, string shape) =>
        Refuses(File("{" + Entry("a", dtype, shape, "[0,2]") + "}", 2), "no whole bytes");

    [Fact]
    public void SafetensorsHeader_should_read_metadata_that_are_null() =>
        Assert.Empty(Read(File("{\"__metadata__\":null," + Entry("a", "U8", "[4]", "[0,4]") + "}", 4)).Metadata);

    [Fact]
    public void SafetensorsHeader_should_refuse_a_truncated_file()
    {
        var whole = File("{" + Entry("a", "U8", "[64]", "[0,64]") + "}", 64);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<InvalidModelException>(() => Read(whole[..length]));
        }
    }

    [Fact]
    public void SafetensorsHeader_should_refuse_or_read_any_mutation_of_a_good_file()
    {
        var good = File(
            "{\"__metadata__\":{\"format\":\"pt\"}," + Entry("a.weight", "F32", "[2,2]", "[0,16]") + ","
            + Entry("b", "I64", "[1]", "[16,24]") + "}",
            24);
        var mutation = Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, 2]).Array[1, 4];
        mutation.Sample(changes =>
        {
            var bytes = good.ToList();
            foreach (var (at, value, kind) in changes)
            {
                var place = Math.Min(at, bytes.Count - 1);
                switch (kind)
                {
                    case 0:
                        bytes[place] = value;
                        break;
                    case 1:
                        bytes.RemoveAt(place);
                        break;
                    default:
                        bytes.Insert(place, value);
                        break;
                }
            }

            try
            {
                var header = Read([.. bytes]);
                Assert.All(
                    header.Tensors, t => Assert.True(t.Offset >= header.DataOffset && t.Offset + t.Layout.ByteLength <= bytes.Count));
                Assert.Equal(bytes.Count - header.DataOffset, header.Tensors.Sum(t => t.Layout.ByteLength));
            }
            catch (InvalidModelException)
            {
                // The other allowed outcome.
                return;
            }
        }, iter: 2000, threads: 1);
    }

    private SafetensorsHeader Read(byte[] file)
    {
        var path = _directory.File("file.safetensors");
        System.IO.File.WriteAllBytes(path, file);
        return SafetensorsHeader.Read(path);
    }

    private void Refuses(byte[] file, string reason)
    {
        var error = Assert.Throws<InvalidModelException>(() => Read(file));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("file.safetensors", error.Message, StringComparison.Ordinal);
    }
}
