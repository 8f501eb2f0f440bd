using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class HoldsSpecs
{
    private readonly Holds _holds;
    private int _freed;

    public HoldsSpecs() => _holds = new Holds("bert@3", () => Interlocked.Increment(ref _freed));

    [Fact]
    public void Holds_should_free_at_the_owners_end_when_nobody_holds()
    {
        _holds.Take();
        _holds.End();
        Assert.Equal(0, _freed);

        _holds.Close();
        _holds.Close();

        Assert.Equal(1, _freed);
    }

    [Fact]
    public void Holds_should_free_with_the_last_hold_when_the_owner_has_ended_before()
    {
        _holds.Take();
        Assert.True(_holds.TryTake());
        _holds.Close();
        Assert.Equal(2, _holds.Count);

        _holds.End();
        Assert.Equal(0, _freed);
        _holds.End();

        Assert.Equal(1, _freed);
    }

    [Fact]
    public void Holds_should_refuse_a_hold_by_name_when_the_owner_has_ended()
    {
        _holds.Take();
        _holds.Close();

        Assert.True(_holds.IsClosed);
        Assert.False(_holds.TryTake());
        Assert.Contains("bert@3", Assert.Throws<ObjectDisposedException>(_holds.Take).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => _holds.Use(() => 1));
    }

    [Fact]
    public void Holds_should_end_a_hold_when_what_needed_it_throws()
    {
        Assert.Throws<FormatException>(() => _holds.Use<int>(() => throw new FormatException()));
        Assert.Equal(7, _holds.Use(() => 7));

        Assert.Equal(0, _holds.Count);
    }

    [Fact]
    public async Task Holds_should_free_once_and_behind_every_holder_when_all_come_at_once()
    {
        for (var round = 0; round < 500; round++)
        {
            var (used, freed, usedFreed) = (0, 0, 0);
            var holds = new Holds("a model", () => Interlocked.Increment(ref freed));
            var users = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                while (holds.TryTake())
                {
                    usedFreed |= Volatile.Read(ref freed);
                    Interlocked.Increment(ref used);
                    holds.End();
                }
            })).ToArray();
            await Task.Run(holds.Close);
            await Task.WhenAll(users);
            Assert.Equal((1, 0, 0), (freed, usedFreed, holds.Count));
        }
    }
}
