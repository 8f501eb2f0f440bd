using ZeroCopy.Bench.Suites.Memory;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Tests.Workers;

public sealed class WorkerSpecs
{
    [Fact]
    public async Task Worker_should_say_why_it_could_not_do_something_and_go_on()
    {
        await using var group = await WorkerGroup.StartAsync(1, default);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => group.First.AskAsync(MemoryVerbs.Put.With("nothing"), default));

        Assert.Contains("No store is open", error.Message, StringComparison.Ordinal);
        Assert.Empty(await group.First.AskAsync(WorkerVerbs.Collect.With(), default));
    }

    [Fact]
    public async Task Worker_should_know_the_verbs_of_every_suite_by_names_of_their_own()
    {
        var verbs = BenchSuites.Verbs.ToArray();
        await using var worker = new Worker(verbs);

        Assert.Equal(verbs.Select(verb => verb.Name).Distinct(), verbs.Select(verb => verb.Name));
        Assert.Contains(MemoryVerbs.Put, verbs);
        Assert.Contains(WorkerVerbs.Collect, verbs);
    }
}
