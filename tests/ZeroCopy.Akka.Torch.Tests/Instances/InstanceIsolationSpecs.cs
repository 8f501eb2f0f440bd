using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class InstanceIsolationSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly LeakCheck _leaks = new();
    private readonly ObjectStore _store;
    private TorchRuntime? _runtime;

    public InstanceIsolationSpecs() => _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });

    public void Dispose()
    {
        _runtime?.Dispose();
        _store.Dispose();
        _directory.Dispose();
        _leaks.VerifyCollected();
    }

    [Theory]
    [InlineData(InstanceIsolation.None)]
    [InlineData(InstanceIsolation.Buffers)]
    [InlineData(InstanceIsolation.Mappings)]
    public async Task TorchRuntime_should_keep_writes_from_the_store_and_from_other_processes(InstanceIsolation isolation)
    {
        var (handle, instances) = await InstancesAsync(ModuleCases.Get("small BERT"), isolation);

        Overwrite(instances[0]);

        // What another process maps is what a fresh mapping shows.
        using var lease = _store.Acquire(handle.Id, "test");
        using var views = new ZeroCopy.Torch.Views.LeaseViews(lease);
        foreach (var entry in lease.Manifest.Tensors)
        {
            using var view = views.View(entry);
            Assert.False(view.eq(7).all().item<bool>(), entry.Name);
        }

        Assert.Empty((await _store.VerifyAsync()).Damaged);
        Release(instances);
    }

    [Theory]
    [InlineData("small BERT")]
    [InlineData("Conv2d and BatchNorm2d")]
    [InlineData("buffers of every type")]
    [InlineData("LSTM")]
    [InlineData("Transformer")]
    public async Task TorchRuntime_should_keep_writes_of_an_instance_to_itself_where_each_maps_the_model(string name)
    {
        var one = ModuleCases.Get(name);
        var (handle, instances) = await InstancesAsync(one, InstanceIsolation.Mappings);
        using var expected = one.Run(instances[1]);

        Overwrite(instances[0]);

        using var changed = one.Run(instances[0]);
        using var answer = one.Run(instances[1]);
        Assert.False(TensorEquality.Same(expected, changed));
        Assert.True(TensorEquality.Same(expected, answer));
        var later = _runtime!.Open<Module>(handle).Materialise();
        using var laterAnswer = one.Run(later);
        Assert.True(TensorEquality.Same(expected, laterAnswer));
        Release([.. instances, later]);
    }

    [Fact]
    public async Task TorchRuntime_should_map_models_that_a_factory_builds_for_each_instance()
    {
        using var module = BatchNorm1d(4);
        var handle = await PutAsync(module, InstanceIsolation.Mappings);
        var model = _runtime!.Open(handle, new OpenOptions<Module> { Factory = build => BatchNorm1d(4, device: build.Device) });
        var instances = new[] { model.Materialise(), model.Materialise() };

        Overwrite(instances[0]);

        Assert.Equal(0, ((TorchSharp.Modules.BatchNorm1d)instances[1]).running_mean!.sum().ToSingle());
        Release(instances);
    }

    [Fact]
    public async Task TorchRuntime_should_give_each_instance_running_statistics_of_its_own_where_buffers_are_private()
    {
        using var module = BatchNorm1d(4);
        var handle = await PutAsync(module, InstanceIsolation.Buffers);
        var model = _runtime!.Open<TorchSharp.Modules.BatchNorm1d>(handle);
        var instances = new[] { model.Materialise(), model.Materialise() };
        using var input = torch.ones(8, 4);

        instances[0].train();
        instances[0].forward(input).Dispose();

        Assert.Equal(0.4, instances[0].running_mean!.sum().ToDouble(), 5);
        Assert.Equal(0, instances[1].running_mean!.sum().ToDouble());
        Assert.False(instances[1].training);
        Assert.Equal(TorchNative.Data(instances[0].weight!), TorchNative.Data(instances[1].weight!));
        Release(instances);
    }

    [Theory]
    [InlineData(InstanceIsolation.Buffers, false)]
    [InlineData(InstanceIsolation.Buffers, true)]
    [InlineData(InstanceIsolation.Mappings, false)]
    [InlineData(InstanceIsolation.Mappings, true)]
    public async Task TorchModel_should_answer_as_a_fresh_load_does_whatever_other_instances_were_called_with(
        InstanceIsolation isolation, bool built)
    {
        var module = new KeepingModule();
        var handle = await PutAsync(module, isolation);
        ModuleDisposal.Release(module);
        var opening = new OpenOptions<KeepingModule> { Factory = built ? _ => new KeepingModule() : null };
        var model = _runtime!.Open(handle, opening);
        var (first, second) = (await model.RentAsync(), await model.RentAsync());

        Assert.Equal([1f, 1, 1, 1, 1], Counts(first));
        Assert.Equal([2f, 2, 2, 2, 2], Counts(first));
        Assert.Equal([1f, 1, 1, 1, 1], Counts(second));
        first.Dispose();
        second.Dispose();
        using var third = await model.RentAsync();
        Assert.Equal([1f, 1, 1, 1, 1], Counts(third));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1 << 18)]
    public async Task TorchModel_should_keep_buffers_tied_to_what_they_are_tied_to(int size)
    {
        var module = new TiedBuffers(size);
        var handle = await PutAsync(module, InstanceIsolation.Buffers);
        ModuleDisposal.Release(module);
        var model = _runtime!.Open<TiedBuffers>(handle);
        var instances = new[] { model.Materialise(), model.Materialise() };
        using var input = torch.zeros(1);

        foreach (var instance in instances)
        {
            using var answer = instance.forward(input);
            Assert.Equal([1f, 1, 3, 3], answer.data<float>().ToArray());
            Assert.True(instance.KnowsLayer);
        }

        Release(instances);
    }

    [Fact]
    public async Task TorchModel_should_rent_again_what_was_used_where_models_are_said_to_keep_nothing()
    {
        var module = new KeepingModule();
        var handle = await PutAsync(module, InstanceIsolation.None);
        ModuleDisposal.Release(module);
        var model = _runtime!.Open<KeepingModule>(handle);
        using (var first = await model.RentAsync())
        {
            Assert.Equal([1f, 1, 1, 1, 1], Counts(first));
        }

        Assert.True(model.TryRent(out var again));
        Assert.Equal([2f, 2, 2, 2, 2], Counts(again));
        again.Dispose();
    }

    [Fact]
    public async Task TorchRuntime_should_share_the_pages_of_large_buffers_until_they_are_written_to()
    {
        var module = new KeepingModule();
        var handle = await PutAsync(module, InstanceIsolation.Buffers);
        ModuleDisposal.Release(module);
        var model = _runtime!.Open<KeepingModule>(handle);
        var mappings = StoreDiagnostics.LiveMappings;
        var instances = new[] { model.Materialise(), model.Materialise() };

        // One mapping each; the weights are the prototype's.
        Assert.Equal(mappings + 2, StoreDiagnostics.LiveMappings);
        Assert.NotEqual(TorchNative.Data(instances[0].Large), TorchNative.Data(instances[1].Large));
        Assert.Equal(TorchNative.Data(instances[0].Weight), TorchNative.Data(instances[1].Weight));
        Release(instances);
        Assert.Equal(mappings, StoreDiagnostics.LiveMappings);
    }

    [Fact]
    public async Task TorchRuntime_should_unmap_what_an_instance_mapped_with_its_last_tensor()
    {
        var (_, instances) = await InstancesAsync(ModuleCases.Get("LSTM"), InstanceIsolation.Mappings);
        var before = StoreDiagnostics.LiveMappings;

        ModuleDisposal.Release(instances[0]);

        Assert.Equal(before - 1, StoreDiagnostics.LiveMappings);
        Release(instances[1..]);
    }

    private static float[] Counts(IModelInstance instance)
    {
        using var input = torch.zeros(1);
        using var counts = (torch.Tensor)instance.Run(static (module, x) => ((KeepingModule)module).forward((torch.Tensor)x!), input)!;
        return counts.data<float>().ToArray();
    }

    private static void Overwrite(Module module)
    {
        using var frozen = torch.no_grad();
        foreach (var state in ModuleState.Read(module))
        {
            state.Tensor.fill_(7);
        }
    }

    private static void Release(Module[] modules) => Array.ForEach(modules, ModuleDisposal.Release);

    private async Task<(ModelHandle Handle, Module[] Instances)> InstancesAsync(ModuleCase one, InstanceIsolation isolation)
    {
        var module = one.Create(1);
        var handle = await PutAsync(module, isolation);
        ModuleDisposal.Release(module);
        var model = _runtime!.Open<Module>(handle);
        return (handle, [model.Materialise(), model.Materialise()]);
    }

    private Task<ModelHandle> PutAsync(Module module, InstanceIsolation isolation)
    {
        _runtime = new TorchRuntime(_store, options: new TorchRuntimeOptions { Isolation = isolation });
        return _runtime.PutAsync(module);
    }
}
