using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Parity.Scripts;
using ZeroCopy.Torch.Script;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Devices;

/// <summary>META stands in for a device: it answers with shapes.</summary>
public sealed class DeviceSpecs : HostSpec
{
    [Fact]
    public async Task MapBatches_should_run_where_it_is_told()
    {
        var wrapper = await ModelWrapper.FromModelAsync(Mlp(), host: Host);

        var answers = await wrapper.MapBatchesAsync(
            Enumerable.Range(0, 5).ToAsyncEnumerable(),
            (Module<Tensor, Tensor> own, IReadOnlyList<int> batch) => batch.Select(_ => own.parameters().First().device_type).ToList(),
            new MapBatchesOptions { BatchSize = 2, Device = META }).ToListAsync();

        Assert.Equal(5, answers.Count);
        Assert.All(answers, device => Assert.Equal(DeviceType.META, device));
    }

    [Fact]
    public async Task Scripts_should_refuse_a_device_that_they_cannot_run_on()
    {
        using var script = ScriptFiles.Load("scripted");
        var wrapper = await ScriptModelWrapper.FromModelAsync<IModule<Tensor, Tensor>>(script, host: Host, name: new ModelName("script"));

        var loaded = Assert.Throws<DeviceUnavailableException>(
            () => wrapper.Load(new LoadOptions<IModule<Tensor, Tensor>> { Device = META }));
        var pool = await Assert.ThrowsAsync<DeviceUnavailableException>(
            () => Host.StartPoolAsync("script", new ModelName("script"), (ScriptProgram own, Tensor input) => input, device: META));

        Assert.Contains("not on meta", loaded.Message, StringComparison.Ordinal);
        Assert.Contains("not on meta", pool.Message, StringComparison.Ordinal);
        Assert.Empty(Host.Actors.Pools);
    }

    public static readonly TheoryData<string> Missing = ["mps", "cuda:99"];

    [Theory]
    [MemberData(nameof(Missing))]
    public async Task Modules_should_refuse_a_device_that_is_not_there(string device) =>
        await AssertRefused(await ModelWrapper.FromModelAsync(Mlp(), host: Host), new Device(device), "was asked for");

    [Theory]
    [MemberData(nameof(Missing))]
    public async Task Pipelines_should_refuse_a_device_that_is_not_there(string device)
    {
        var pipeline = new Pair();
        await AssertRefused(await ModelWrapper.FromModelAsync(pipeline, host: Host), new Device(device), "was asked for");
    }

    [Fact]
    public async Task Wrapped_scripts_should_refuse_a_device_that_they_cannot_run_on_before_a_pool_starts()
    {
        using var script = ScriptFiles.Load("scripted");
        var wrapper = await ScriptModelWrapper.FromModelAsync<IModule<Tensor, Tensor>>(script, host: Host, name: new ModelName("script"));

        await AssertRefused(wrapper, META, "not on meta");
    }

    private async Task AssertRefused<T>(ModelWrapper<T> wrapper, Device device, string reason)
        where T : class
    {
        var pool = await Assert.ThrowsAsync<DeviceUnavailableException>(
            () => Host.StartPoolAsync("refused", wrapper, (T own, Tensor input) => input, load: new LoadOptions<T> { Device = device }));
        var map = Assert.Throws<DeviceUnavailableException>(() => wrapper.MapBatchesAsync(
            AsyncEnumerable.Empty<int>(), (T own, IReadOnlyList<int> batch) => batch, new MapBatchesOptions { Device = device }));

        Assert.Contains(reason, pool.Message, StringComparison.Ordinal);
        Assert.Contains(reason, map.Message, StringComparison.Ordinal);
        Assert.Empty(Host.Actors.Pools);
    }

    private sealed class Pair
    {
        public Module<Tensor, Tensor> First { get; set; } = Mlp();

        public Module<Tensor, Tensor> Second { get; set; } = Mlp();
    }
}
