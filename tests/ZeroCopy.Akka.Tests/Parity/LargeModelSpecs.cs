using ZeroCopy.TestSupport;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>Memory of worker processes around a model of 402 MB.</summary>
public sealed class LargeModelSpecs : ParitySpec
{
    private const string Model = "402 MB mlp";
    private const long ModelBytes = 6L * ((4096 * 4096) + 4096) * sizeof(float);
    private const long Megabyte = 1 << 20;

    [SkippableFact]
    public async Task Workers_should_save_nearly_a_whole_model_each()
    {
        SkipWithoutRoom();
        var wrapper = await WrapAsync();
        var workers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync()));
        var before = workers.Select(worker => ProcessMemory.Of(worker.Id).Unique).ToList();

        var answers = await Task.WhenAll(workers.Select(worker => LoadAndCallAsync(worker, wrapper)));

        Assert.Single(answers.Distinct());
        var grown = workers.Zip(before, (worker, empty) => ProcessMemory.Of(worker.Id).Unique - empty).ToList();
        var copied = await GrowthOfACopyAsync(workers[0], answers[0]);
        Assert.True(copied >= ModelBytes, $"A copy takes {copied} bytes only: the measure is wrong.");
        Assert.True(
            copied - grown.Average() > 0.9 * ModelBytes, $"Private bytes of the workers: {string.Join(", ", grown)}; of a copy: {copied}.");
    }

    [SkippableFact]
    public async Task Worker_should_not_grow_with_calls()
    {
        SkipWithoutRoom();
        var wrapper = await WrapAsync();
        var worker = await StartAsync();
        await LoadAndCallAsync(worker, wrapper);
        var first = ProcessMemory.Of(worker.Id);

        for (var call = 1; call < 5; call++)
        {
            await worker.AskAsync("call");
        }

        var last = ProcessMemory.Of(worker.Id);
        Assert.True(
            last.Unique < (1.2 * first.Unique) + (10 * Megabyte),
            $"{first.Unique} bytes after the first call, {last.Unique} after the last.");
        Assert.True(
            last.Anonymous < (1.2 * first.Anonymous) + (10 * Megabyte),
            $"{first.Anonymous} bytes after the first call, {last.Anonymous} after the last.");
    }

    [SkippableFact]
    public async Task Wrapping_should_need_no_second_copy_beside_the_stored_one()
    {
        SkipWithoutRoom();
        var child = await StartAsync();
        await child.AskAsync($"build {Model}");
        var before = ProcessMemory.Resident(child.Id);
        ProcessMemory.ResetPeak(child.Id);

        Assert.StartsWith("ok ", await child.AskAsync("wrap large"), StringComparison.Ordinal);

        var needed = ProcessMemory.PeakResident(child.Id) - before;
        Assert.True(needed < ModelBytes / 4, $"Wrapping {ModelBytes} bytes took {needed} at the peak.");
    }

    private async Task<string> WrapAsync()
    {
        var owner = await StartAsync();
        await owner.AskAsync($"build {Model}");
        var wrapper = await owner.AskAsync("wrap large");
        await owner.KillAsync();
        return wrapper["ok ".Length..];
    }

    private static async Task<string> LoadAndCallAsync(ChildProcess worker, string wrapper)
    {
        Assert.Equal("ok ", await worker.AskAsync($"load {wrapper} {Model}"));
        return await worker.AskAsync("call");
    }

    private static async Task<long> GrowthOfACopyAsync(ChildProcess worker, string answer)
    {
        var before = ProcessMemory.Of(worker.Id).Unique;
        await worker.AskAsync($"build {Model}");
        Assert.Equal(answer, await worker.AskAsync("call"));
        return ProcessMemory.Of(worker.Id).Unique - before;
    }

    private void SkipWithoutRoom()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Memory of processes is read from /proc.");
        var room = new DriveInfo(Store).AvailableFreeSpace;
        Skip.If(
            room < 2 * ModelBytes,
            $"The store's file system has room for {room / Megabyte} MB, the spec needs {2 * ModelBytes / Megabyte}.");
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Skip.If(memory < 6 * ModelBytes, $"The machine has {memory / Megabyte} MB of memory, the spec needs {6 * ModelBytes / Megabyte}.");
    }
}
