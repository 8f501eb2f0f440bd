using CsCheck;
using ZeroCopy.Blocks;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Blocks;

public sealed class SegmentLayoutSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void SegmentLayout_should_be_read_back_by_the_strict_reader_whatever_the_sizes() =>
        Gen.Int[0, 300].Array[0, 12].Sample(lengths =>
        {
            var blocks = lengths.Select((length, i) => (BlockId.Of([(byte)i]), (long)length)).ToArray();
            var layout = SegmentLayout.Plan(blocks);
            var path = _directory.File("segment.safetensors");
            File.WriteAllBytes(path, [.. layout.Header, .. new byte[layout.Length - layout.Header.Length]]);
            var segment = Segment.Read(path);
            Assert.Equal(layout.Length, segment.Length);
            Assert.Equal(layout.Blocks.OrderBy(b => b.Id), segment.Blocks.OrderBy(b => b.Id));
            Assert.All(layout.Blocks, block => Assert.Equal(0, block.Offset % SegmentLayout.Alignment));
        }, iter: 200, threads: 1);
}
