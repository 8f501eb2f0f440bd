using ZeroCopy.Blocks;

namespace ZeroCopy.Tests.Blocks;

public sealed class BlockIndexSpecs
{
    private static readonly BlockId Shared = BlockId.Of([1]);
    private static readonly BlockId Own = BlockId.Of([2]);
    private readonly BlockIndex _index = new();

    [Fact]
    public void BlockIndex_should_serve_a_block_from_the_other_segment_when_the_first_goes()
    {
        _index.Add(new Segment("first", 100, [new SegmentBlock(Shared, 64, 10)]));
        _index.Add(new Segment("second", 200, [new SegmentBlock(Own, 64, 10), new SegmentBlock(Shared, 128, 10)]));
        Assert.Equal(300, _index.SegmentBytes);
        _index.Remove("first");
        Assert.True(_index.TryFind(Shared, out var location));
        Assert.Equal(("second", 128L), (location.Segment.FileName, location.Offset));
        _index.Remove("second");
        Assert.Empty(_index.Blocks);
        Assert.Equal(0, _index.SegmentBytes);
    }

    [Fact]
    public void BlockIndex_should_ignore_a_segment_that_it_knows()
    {
        var segment = new Segment("first", 100, [new SegmentBlock(Shared, 64, 10)]);
        _index.Add(segment);
        _index.Add(segment);
        Assert.Equal(100, _index.SegmentBytes);
    }
}
