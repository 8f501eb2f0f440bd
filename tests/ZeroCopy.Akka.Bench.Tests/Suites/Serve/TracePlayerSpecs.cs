using System.Collections.Concurrent;
using ZeroCopy.Bench.Suites.Serve;

namespace ZeroCopy.Bench.Tests.Suites.Serve;

public sealed class TracePlayerSpecs
{
    private static readonly Message[] Messages = [new(0, 3), new(0, 1), new(0.1, 2)];

    [Fact]
    public async Task TracePlayer_should_send_every_message_without_waiting_for_answers()
    {
        await using var service = new Service(model => model);

        var sizes = new ServeSizes { Second = TimeSpan.FromSeconds(1000) };

        Assert.True(await new TracePlayer(service, sizes).PlayAsync(Messages[..2], default));

        Assert.Equal([1, 3], service.Asked.Order());
    }

    [Fact]
    public async Task TracePlayer_should_end_with_the_first_message_that_is_not_answered_in_time()
    {
        await using var service = new Service(_ => null);
        var sizes = new ServeSizes { Second = TimeSpan.FromSeconds(1000), TimeOutSeconds = 0.00001 };

        Assert.False(await new TracePlayer(service, sizes).PlayAsync(Messages, default));

        // Else it would have been sent 100 seconds later.
        Assert.DoesNotContain(2, service.Asked);
    }

    private sealed class Service(Func<int, int?> answers) : IMessageService
    {
        public ConcurrentBag<int> Asked { get; } = [];

        public async Task AnswerAsync(int model, CancellationToken cancellationToken)
        {
            Asked.Add(model);
            await Task.Yield();
            if (answers(model) is null)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        }

        public ValueTask DisposeAsync() => default;
    }
}
