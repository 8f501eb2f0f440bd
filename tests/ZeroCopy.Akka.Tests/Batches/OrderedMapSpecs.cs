using ZeroCopy.Batches;

namespace ZeroCopy.Product.Tests.Batches;

public sealed class OrderedMapSpecs
{
    [Fact]
    public async Task OrderedMap_should_give_answers_in_the_order_of_the_inputs()
    {
        var answers = new List<TaskCompletionSource<int>>();
        var mapped = OrderedMap.RunAsync(Numbers(4), Call, prefetch: 4, _ => { }, isOrdered: true);
        var results = Collect(mapped);

        foreach (var index in new[] { 3, 1, 0, 2 })
        {
            answers[index].SetResult(index * 10);
        }

        Assert.Equal([0, 10, 20, 30], await results);

        Task<int> Call(int input, CancellationToken cancellationToken)
        {
            answers.Add(new TaskCompletionSource<int>());
            return answers[^1].Task;
        }
    }

    [Fact]
    public async Task OrderedMap_should_keep_no_more_calls_in_flight_than_allowed()
    {
        var calls = new List<TaskCompletionSource<int>>();
        await using var mapped = OrderedMap.RunAsync(Numbers(20), Call, prefetch: 3, _ => { }, isOrdered: true).GetAsyncEnumerator();

        var first = mapped.MoveNextAsync();
        Assert.Equal(3, calls.Count);

        calls[0].SetResult(0);
        Assert.True(await first);
        Assert.Equal(3, calls.Count);

        var second = mapped.MoveNextAsync();
        Assert.Equal(4, calls.Count);
        calls.ForEach(call => call.TrySetResult(1));
        Assert.True(await second);

        Task<int> Call(int input, CancellationToken cancellationToken)
        {
            calls.Add(new TaskCompletionSource<int>());
            return calls[^1].Task;
        }
    }

    [Fact]
    public async Task OrderedMap_should_release_unwanted_answers_when_a_call_fails()
    {
        var released = new List<int>();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Collect(OrderedMap.RunAsync(
            Numbers(4), (input, _) => input == 0
                ? Task.FromException<int>(new InvalidOperationException())
                : Task.FromResult(input), 4, released.Add, isOrdered: true)));

        Assert.Equal([1, 2, 3], released);
    }

    [Fact]
    public async Task OrderedMap_should_cancel_the_calls_in_flight_when_the_consumer_stops()
    {
        var cancelled = 0;

        await foreach (var _ in OrderedMap.RunAsync(Numbers(4), Call, prefetch: 3, _ => { }, isOrdered: true))
        {
            break;
        }

        Assert.Equal(2, cancelled);

        async Task<int> Call(int input, CancellationToken cancellationToken)
        {
            if (input > 0)
            {
                var stopped = new TaskCompletionSource();
                await using var registration = cancellationToken.Register(stopped.SetResult);
                await stopped.Task;
                Interlocked.Increment(ref cancelled);
                cancellationToken.ThrowIfCancellationRequested();
            }

            return input;
        }
    }

    private static async IAsyncEnumerable<int> Numbers(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.CompletedTask;
            yield return i;
        }
    }

    private static async Task<List<int>> Collect(IAsyncEnumerable<int> source)
    {
        var results = new List<int>();
        await foreach (var result in source)
        {
            results.Add(result);
        }

        return results;
    }
}
