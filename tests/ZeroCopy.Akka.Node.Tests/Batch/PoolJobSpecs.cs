using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Actor.Setup;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Actors;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Batch;

/// <summary>Jobs on the pool of a model of the store, which adds one to a number as often as the number says.</summary>
public sealed class PoolJobSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly ZeroCopyHost _host;

    public PoolJobSpecs() => _host = ZeroCopyHost.Open(new ZeroCopyHostOptions
    {
        Store = new ObjectStoreOptions { Directory = _directory.File("store") },
    });

    public async Task InitializeAsync()
    {
        ScriptText.Save(_directory.File("model.pt"), $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                y = x
                for i in range(int(torch.max(x))):
                  y = torch.add(y, 1)
                return y
            """);
        await _host.Runtime.PutFileAsync(_directory.File("model.pt"), new PutOptions { Name = ModelName.Parse("model") });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task BatchJob_should_share_a_pool_with_another_one_and_keep_its_own_rows_and_their_order()
    {
        int[] one = [.. Enumerable.Range(0, 500)], other = [.. Enumerable.Range(500, 500)];

        await Task.WhenAll(RunAsync("one", one, With), RunAsync("other", other, With));

        Assert.Equal(one.Select(row => $"{2 * row}"), Answers("one"));
        Assert.Equal(other.Select(row => $"{2 * row}"), Answers("other"));

        static BatchJobOptions With(BatchJobOptions options) => options with { BatchSize = 1 };
    }

    [Fact]
    public async Task BatchJob_should_leave_out_the_row_that_takes_longer_than_its_time_and_answer_its_neighbours()
    {
        const int slow = 5;
        var (time, clock) = (TimeSpan.FromSeconds(1), new FakeTimeProvider());
        using var system = ActorSystem.Create(
            "slow", ActorSystemSetup.Create(new ZeroCopySetup { Store = _host.Store, TimeProvider = clock }));
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system });
        var handle = host.Store.Resolve(ModelName.Parse("model"));
        using var binder = new HeldBinder(host.Runtime.BinderOf(handle), slow);
        await host.Actors.CreatePoolAsync(
            "slow", host.Runtime.OpenAny(handle), binder, settings => settings with { Size = 1, Threads = 1, Deadline = null });
        var options = Options("rows", [.. Enumerable.Range(0, 8)]) with
        {
            BatchSize = 8,
            SkipFailed = true,
            Timeout = time,
            CallsInFlight = 1,
        };

        var job = BatchJob.RunAsync((await host.Endpoints.FindAsync("slow"))!, options);
        // Of 8, 4, 2 and 1 rows: the actor computes on behind the time of each, and the next call waits until it is let go.
        for (var call = 0; call < 4; call++)
        {
            await binder.HeldAsync();
            clock.Advance(time);
            binder.LetGo();
        }

        var report = await job.WaitAsync(Patience);
        Assert.Equal((7, 1), (report.Rows, report.Failed));
        // Each has the largest of its batch added: 0 to 3, 4 alone, 6 and 7.
        Assert.Equal(["3", "4", "5", "6", "8", "13", "14"], Answers("rows"));
        Assert.Contains("\"row\":5,", Assert.Single(File.ReadLines(report.FailedFile!)), StringComparison.Ordinal);
    }

    private async Task<BatchReport> RunAsync(string name, int[] rows, Func<BatchJobOptions, BatchJobOptions> with)
    {
        var endpoint = (await _host.Endpoints.FindAsync("model"))!;
        return await BatchJob.RunAsync(endpoint, with(Options(name, rows))).WaitAsync(Patience);
    }

    private BatchJobOptions Options(string name, int[] rows)
    {
        var input = _directory.File($"{name}-in.csv");
        File.WriteAllLines(input, rows.Select(row => $"{row}").Prepend("x"));
        return new BatchJobOptions { Inputs = [input], Output = _directory.File($"{name}.csv") };
    }

    private IEnumerable<string> Answers(string name) => File.ReadLines(_directory.File($"{name}.csv")).Skip(1);

    /// <summary>Calls of a model that stay in it, where they have a row of some value, until they are let go.</summary>
    private sealed class HeldBinder(ICallBinder binder, float value) : ICallBinder, IDisposable
    {
        private readonly ConcurrentDictionary<object, bool> _held = new(ReferenceEqualityComparer.Instance);
        private readonly SemaphoreSlim _entered = new(0);
        private readonly SemaphoreSlim _gate = new(0);

        public ModelSignature Signature => binder.Signature;

        public IBatchCodec? Codec => null;

        public IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs)
        {
            var call = binder.Bind(method, inputs);
            if (MemoryMarshal.Cast<byte, float>(inputs[0].Data.Span).Contains(value))
            {
                _held[call] = true;
            }

            return call;
        }

        public object? Run(object target, object? call)
        {
            if (_held.ContainsKey(call!))
            {
                _entered.Release();
                Assert.True(_gate.Wait(Patience));
            }

            return binder.Run(target, call);
        }

        public ModelAnswer ToAnswer(object? result) => binder.ToAnswer(result);

        public async Task HeldAsync() => Assert.True(await _entered.WaitAsync(Patience));

        public void LetGo() => _gate.Release();

        public void Dispose()
        {
            _entered.Dispose();
            _gate.Dispose();
        }
    }
}
