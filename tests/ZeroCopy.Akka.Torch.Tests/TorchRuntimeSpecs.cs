using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests;

/// <summary>Live modules in a real store, from put to release.</summary>
public sealed class TorchRuntimeSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly LeakCheck _leaks = new();
    private readonly ObjectStore _store;
    private readonly TorchRuntime _runtime;

    public TorchRuntimeSpecs()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _runtime = new TorchRuntime(_store);
    }

    public static TheoryData<string> Names => [.. ModuleCases.All.Concat(NativeCases.All).Select(one => one.Name)];

    public void Dispose()
    {
        _runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _leaks.Verify();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TorchRuntime_should_give_instances_whose_weights_all_lie_in_the_mapping(string name)
    {
        var one = ModuleCases.All.Concat(NativeCases.All).Single(one => one.Name == name);
        var module = one.Create(1);
        using var expected = one.Run(module);

        var handle = await _runtime.PutAsync(module);
        ModuleDisposal.Release(module);
        var instances = new[] { Materialise(handle), Materialise(handle) };

        foreach (var instance in instances)
        {
            AssertMapped(instance, handle);
            using var answer = one.Run(instance);
            Assert.True(TensorEquality.Same(expected, answer));
            ModuleDisposal.Release(instance);
        }
    }

    [Fact]
    public async Task TorchRuntime_should_keep_instances_apart_from_what_becomes_of_the_module()
    {
        using var module = LSTM(4, 4);
        using var input = torch.ones(2, 1, 4);
        var handle = await _runtime.PutAsync(module);
        var instance = (TorchSharp.Modules.LSTM)Materialise(handle);
        using var expected = Answer(instance, input);

        module.train();
        foreach (var weight in module.parameters())
        {
            using var frozen = torch.no_grad();
            weight.fill_(1);
        }

        using var changed = Answer(module, input);
        module.to(torch.ScalarType.Float64);

        using var answer = Answer(instance, input);
        Assert.False(TensorEquality.Same(expected, changed));
        Assert.True(TensorEquality.Same(expected, answer));
        Assert.False(instance.training);
        ModuleDisposal.Release(instance);
    }

    [Fact]
    public async Task TorchRuntime_should_serve_each_state_of_a_module_that_is_trained_on_and_put_again()
    {
        using var module = Embedding(4, 2);
        using var index = torch.arange(4);
        using var first = module.forward(index);
        var before = await _runtime.PutAsync(module);
        using var weight = module.weight!;
        using (torch.no_grad())
        {
            weight.add_(1);
        }

        using var second = module.forward(index);

        var after = await _runtime.PutAsync(module);

        foreach (var (handle, expected) in new[] { (before, first), (after, second) })
        {
            var instance = (TorchSharp.Modules.Embedding)Materialise(handle);
            using var answer = instance.forward(index);
            Assert.True(TensorEquality.Same(expected, answer));
            ModuleDisposal.Release(instance);
        }
    }

    [Fact]
    public async Task TorchRuntime_should_free_the_private_weights_of_a_module_that_is_handed_over()
    {
        var module = ModuleCases.Get("small BERT").Create(1);

        var handle = await _runtime.PutAsync(module, new PutModuleOptions { Rebind = true });

        AssertMapped(module, handle);
        ModuleDisposal.Release(module);
    }

    [Fact]
    public async Task TorchRuntime_should_tell_why_a_live_module_cannot_be_opened()
    {
        using var module = Embedding(4, 2, max_norm: 1);
        var handle = await _runtime.PutAsync(module);

        var error = Assert.Throws<RecipeUnavailableException>(() => Materialise(handle));

        Assert.Contains("max_norm", error.Message, StringComparison.Ordinal);
        Assert.Contains("OpenOptions.Factory", error.Message, StringComparison.Ordinal);
        Assert.IsType<CloneRefusedException>(error.InnerException);
    }

    [Fact]
    public async Task TorchRuntime_should_open_a_module_that_was_handed_over_though_its_layers_cannot_be_built_anew()
    {
        using var module = Embedding(4, 2, max_norm: 1);
        var handle = await _runtime.PutAsync(module, new PutModuleOptions { Rebind = true });

        var instance = Materialise(handle);

        AssertMapped(instance, handle);
        ModuleDisposal.Release(instance);
    }

    private static torch.Tensor Answer(TorchSharp.Modules.LSTM module, torch.Tensor input)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return module.forward(input, null).Item1.MoveToOuterDisposeScope();
    }

    private Module Materialise(ModelHandle handle) => _runtime.Open<Module>(handle).Materialise();

    /// <summary>Each tensor of the module has the address of its block in the mapping.</summary>
    private unsafe void AssertMapped(Module module, ModelHandle handle)
    {
        using var lease = _store.Acquire(handle.Id, "addresses");
        var addresses = lease.Manifest.Tensors
            .SelectMany(entry => entry.Aliases.Prepend(entry.Name), (entry, name) => (entry, name))
            .ToDictionary(pair => pair.name, pair => (nint)Unsafe.AsPointer(ref Unsafe.AsRef(in lease.Bytes(pair.entry.Block).GetPinnableReference())));
        Assert.All(
            ModuleState.Read(module).Where(state => state.Tensor.numel() > 0),
            state => Assert.Equal(addresses[state.Name], TorchNative.Data(state.Tensor)));
    }
}
