using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Serving.Page;

namespace ZeroCopy.Serving.Tests.Page;

public sealed class StatusFeedSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly FakeTimeProvider _clock = new();
    private int _made;

    [Fact]
    public async Task StatusFeed_should_give_all_readers_the_same_document()
    {
        var feed = Feed(readers: 2);
        Assert.True(feed.TryEnter());
        Assert.True(feed.TryEnter());
        await NextAsync(feed);
        var (one, other) = (feed.NextAsync(CancellationToken.None), feed.NextAsync(CancellationToken.None));
        await AdvanceUntilAsync(() => one.IsCompleted);

        Assert.True((await one).Equals(await other));
    }

    [Fact]
    public async Task StatusFeed_should_make_nothing_when_nobody_reads()
    {
        var feed = Feed(readers: 1);
        Assert.True(feed.TryEnter());
        await NextAsync(feed);
        feed.Leave();
        await AdvanceUntilAsync(() => !feed.Runs);
        var made = Volatile.Read(ref _made);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(made, Volatile.Read(ref _made));
    }

    [Fact]
    public async Task StatusFeed_should_go_on_behind_a_document_that_cannot_be_made()
    {
        var feed = new StatusFeed(
            _ => Interlocked.Increment(ref _made) == 1
                ? throw new InvalidOperationException("no")
                : Task.FromResult<ReadOnlyMemory<byte>>(new byte[1]),
            1, TimeSpan.FromSeconds(1), _clock, NullLogger.Instance);
        Assert.True(feed.TryEnter());

        Assert.Equal(1, (await NextAsync(feed)).Length);
    }

    private async Task<ReadOnlyMemory<byte>> NextAsync(StatusFeed feed)
    {
        var next = feed.NextAsync(CancellationToken.None);
        await AdvanceUntilAsync(() => next.IsCompleted);
        return await next;
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
        {
            deadline.Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private StatusFeed Feed(int readers) => new(
        _ =>
        {
            Interlocked.Increment(ref _made);
            return Task.FromResult<ReadOnlyMemory<byte>>(new byte[1]);
        },
        readers, TimeSpan.FromSeconds(1), _clock, NullLogger.Instance);
}
