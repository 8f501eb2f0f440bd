using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Manifests;
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

    private async Task<BatchReport> RunAsync(string name, int[] rows, Func<BatchJobOptions, BatchJobOptions> with)
    {
        await File.WriteAllLinesAsync(_directory.File($"{name}-in.csv"), rows.Select(row => $"{row}").Prepend("x"));
        var endpoint = (await _host.Endpoints.FindAsync("model"))!;
        var options = new BatchJobOptions { Inputs = [_directory.File($"{name}-in.csv")], Output = _directory.File($"{name}.csv") };
        return await BatchJob.RunAsync(endpoint, with(options)).WaitAsync(Patience);
    }

    private IEnumerable<string> Answers(string name) => File.ReadLines(_directory.File($"{name}.csv")).Skip(1);
}
