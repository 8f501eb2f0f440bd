using System.Collections.Concurrent;
using System.Collections.Immutable;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Batching;

/// <summary>
/// Requests of different kinds that a codec joins: the fakes' kind is even or odd, and a joined answer is cut to its remainder by 10.
/// </summary>
public sealed class PaddedBatchSpecs() : ZeroCopySpec("""
    zerocopy.batching { adaptive = off, max-rows = 2, max-delay = 10s }
    zerocopy.inference.pools.joined { size = 1, batching.enabled = on }
    """)
{
    private readonly FakeSource _source = new();
    private readonly FakeCodec _codec = new() { KeyOf = request => request.Rows[0] % 2 == 0 ? "even" : "odd" };
    private readonly ConcurrentQueue<int[]> _runs = new();

    [Fact]
    public async Task Pool_should_not_join_requests_of_different_kinds_without_padding()
    {
        var pool = await PoolAsync(rows => rows, configure: settings => settings);
        var answers = new[] { pool.CallAsync(new FakeTensor(1)), pool.CallAsync(new FakeTensor(2)) };
        Assert.Empty(_runs);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Task.WhenAll(answers).WaitAsync(Patience);
        Assert.Equal([[1], [2]], _runs.OrderBy(run => run[0]));
    }

    [Fact]
    public async Task Pool_should_join_padded_requests_and_cut_their_answers()
    {
        var pool = await PoolAsync(rows => rows.Length == 1 ? rows : rows.Select(row => row + 10));
        Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2));
        Assert.Equal([[1, 2], [1], [2]], _runs);
        _runs.Clear();
        Assert.Equal([4, 3], await AnswersAsync(pool, 4, 3));
        Assert.Equal([[4, 3]], _runs);
    }

    [Fact]
    public async Task Pool_should_compare_each_kind_of_padded_requests()
    {
        var pool = await PoolAsync(rows => rows);
        Assert.Equal([1, 3], await AnswersAsync(pool, 1, 3));
        _runs.Clear();
        Assert.Equal([5, 4], await AnswersAsync(pool, 5, 4));
        Assert.Equal([[5, 4], [5], [4]], _runs);
        _runs.Clear();
        Assert.Equal([7, 6], await AnswersAsync(pool, 7, 6));
        Assert.Equal([[7, 6]], _runs);
    }

    [Fact]
    public async Task Pool_should_run_alone_the_kinds_that_padding_changes_the_answers_of()
    {
        var pool = await PoolAsync(rows => rows.Length == 1 ? rows : rows.Select(row => row % 2 == 0 ? row : row + 1));
        Assert.Equal([1, 2], await AnswersAsync(pool, 1, 2));
        _runs.Clear();
        Assert.Equal([3], await AnswersAsync(pool, 3));
        Assert.Equal([4, 6], await AnswersAsync(pool, 4, 6));
        Assert.Equal([6, 8], await AnswersAsync(pool, 6, 8));
        Assert.Equal([[3], [4, 6], [4], [6], [6, 8]], _runs);
    }

    [Fact]
    public async Task Pool_should_refuse_padding_that_its_codec_cannot_do()
    {
        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => PoolAsync(rows => rows, Padded("other")));
        Assert.Contains("'joined' has batching.pad-buckets", thrown.Message, StringComparison.Ordinal);
    }

    private static Func<PoolSettings, PoolSettings> Padded(string input) => settings => settings with
    {
        Batching = settings.Batching! with
        {
            Padding = new RequestPadding { Buckets = [10], Inputs = ImmutableSortedDictionary<string, double>.Empty.Add(input, 0) },
        },
    };

    private static async Task<IEnumerable<int>> AnswersAsync(InferencePool pool, params int[] requests)
    {
        var answers = await Task.WhenAll(requests.Select(row => pool.CallAsync(new FakeTensor(row)))).WaitAsync(Patience);
        return answers.SelectMany(answer => ((FakeTensor)answer!).Rows);
    }

    private Task<InferencePool> PoolAsync(
        Func<int[], IEnumerable<int>> function, Func<PoolSettings, PoolSettings>? configure = null) => Zero.CreatePoolAsync(
        "joined",
        _source,
        (_, argument) =>
        {
            var rows = ((FakeTensor)argument!).Rows;
            _runs.Enqueue(rows);
            return new FakeTensor([.. function(rows)]);
        },
        _codec,
        configure ?? Padded("rows"));
}
