using CsCheck;
using ZeroCopy.Blocks;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Blocks;

public sealed class SegmentSpecs : IDisposable
{
    private static readonly BlockId First = BlockId.Of([1]);
    private static readonly BlockId Second = BlockId.Of([2]);
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Segment_should_be_read_the_same_whatever_the_form_of_its_json()
    {
        var layout = SegmentLayout.Plan([(First, 100), (Second, 5)]);
        var plain = Read(layout.Header, 133);

        // A space inside the JSON keeps its meaning, and a member order of another writer does too.
        var text = System.Text.Encoding.UTF8.GetString(layout.Header[8..]).Replace(
            "\"dtype\":\"U8\",\"shape\":[100]", "\"shape\":[100],\"dtype\":\"U8\"", StringComparison.Ordinal);
        var other = Read([.. layout.Header[..8], .. System.Text.Encoding.UTF8.GetBytes(text)], 133);
        Assert.Equal(plain.Blocks.AsEnumerable(), other.Blocks);
        Assert.Equal(layout.Blocks.AsEnumerable(), plain.Blocks);
    }

    [Fact]
    public void Segment_should_refuse_a_safetensors_file_that_is_no_segment()
    {
        var file = Safetensors.SafetensorsText.File("{" + Safetensors.SafetensorsText.Entry("weight", "F32", "[1]", "[0,4]") + "}", 4);
        Assert.Contains("no segment", Assert.Throws<InvalidModelException>(() => Read(file, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Segment_should_refuse_or_read_any_mutation_of_its_header()
    {
        var layout = SegmentLayout.Plan([(First, 100), (Second, 5)]);
        Gen.Select(Gen.Int[0, layout.Header.Length - 1], Gen.Byte).Array[1, 3].Sample(changes =>
        {
            var header = layout.Header.ToArray();
            foreach (var (at, value) in changes)
            {
                header[at] = value;
            }

            try
            {
                var segment = Read(header, 133);
                Assert.All(
                    segment.Blocks,
                    block => Assert.True(block.Offset >= 0 && block.Length >= 0 && block.Offset + block.Length <= segment.Length));
            }
            catch (InvalidModelException)
            {
                // The other allowed outcome.
                return;
            }
        }, iter: 2000, threads: 1);
    }

    private Segment Read(byte[] header, int dataBytes)
    {
        var path = _directory.File("segment.safetensors");
        File.WriteAllBytes(path, [.. header, .. new byte[dataBytes]]);
        return Segment.Read(path);
    }
}
