using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Actors.Endpoints;

namespace ZeroCopy.Actors.Tests.Endpoints;

public sealed class LoadTurnsSpecs
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task LoadTurns_should_let_as_many_load_as_were_asked_for_and_the_others_in_their_order()
    {
        var turns = new LoadTurns(2, _clock);
        var (first, second) = (await turns.TakeAsync(), await turns.TakeAsync());
        var (third, fourth) = (turns.TakeAsync(), turns.TakeAsync());
        Assert.False(third.IsCompleted);

        first.End();
        first.End();

        var taken = await third;
        Assert.False(fourth.IsCompleted);
        taken.End();
        await fourth;
        second.End();
    }

    [Fact]
    public async Task LoadTurns_should_not_let_one_that_loads_for_long_keep_the_others()
    {
        var turns = new LoadTurns(1, _clock);
        var slow = await turns.TakeAsync();
        var next = turns.TakeAsync();

        _clock.Advance(LoadTurns.Longest);

        await next;
        var last = turns.TakeAsync();
        slow.End();
        Assert.False(last.IsCompleted);
        (await next).End();
        await last;
    }
}
