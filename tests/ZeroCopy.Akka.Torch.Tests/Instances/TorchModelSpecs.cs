using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class TorchModelSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;
    private readonly TorchRuntime _runtime;

    public TorchModelSpecs()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _runtime = new TorchRuntime(_store, options: new TorchRuntimeOptions { MaxIdleInstances = 2 });
    }

    public void Dispose()
    {
        _runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task TorchModel_should_release_the_tensors_of_an_answer_wherever_they_lie()
    {
        using var module = Linear(2, 2);
        IInstanceSource model = _runtime.Open<Module>(await _runtime.PutAsync(module));
        var (one, other) = (torch.zeros(1), torch.zeros(1));

        model.Release(new Dictionary<string, object> { ["one"] = one, ["others"] = (other, 1) });

        Assert.True(one.IsInvalid);
        Assert.True(other.IsInvalid);
    }

    [Fact]
    public async Task TorchModel_should_lease_each_instance_to_one_holder_and_keep_as_many_idle_as_it_is_told()
    {
        using var module = Linear(2, 2);
        var model = _runtime.Open<Module>(await _runtime.PutAsync(module));
        Assert.False(model.TryRent(out _));
        var first = await RentAsync(model, 3);
        Assert.Equal(3, first.Distinct(ReferenceEqualityComparer.Instance).Count());

        foreach (var instance in first)
        {
            instance.Dispose();
        }

        var second = await RentAsync(model, 2);
        Assert.False(model.TryRent(out _));
        var (old, warm) = (first.Select(Layer).ToList(), second.Select(Layer).ToList());
        Assert.Equal(2, warm.Distinct(ReferenceEqualityComparer.Instance).Count());
        Assert.All(warm, layer => Assert.Contains(layer, old, ReferenceEqualityComparer.Instance));
        Assert.True(Assert.Single(old.Except(warm, ReferenceEqualityComparer.Instance).Cast<TorchSharp.Modules.Linear>()).weight.IsInvalid);
        Assert.All(warm, layer => Assert.False(layer.weight.IsInvalid));
        foreach (var instance in second)
        {
            instance.Dispose();
            instance.Dispose();
        }

        Assert.True(model.TryRent(out var one));
        Assert.True(model.TryRent(out var other));
        Assert.False(model.TryRent(out _));
        one.Dispose();
        other.Dispose();

        static TorchSharp.Modules.Linear Layer(IModelInstance instance) => (TorchSharp.Modules.Linear)instance.Target;
    }

    [Fact]
    public async Task TorchModel_should_give_an_instance_that_was_discarded_to_nobody()
    {
        using var module = Linear(2, 2);
        var model = _runtime.Open<Module>(await _runtime.PutAsync(module));
        var (kept, bad) = (await model.RentAsync(), await model.RentAsync());
        var layer = (TorchSharp.Modules.Linear)bad.Target;

        bad.Discard();
        bad.Discard();
        bad.Dispose();
        kept.Dispose();

        Assert.True(layer.weight.IsInvalid);
        Assert.True(model.TryRent(out var warm));
        Assert.Same(kept.Target, warm.Target);
        Assert.False(model.TryRent(out _));
        warm.Dispose();
    }

    [Fact]
    public async Task TorchModel_should_have_one_prototype_and_pool_for_all_types_of_its_module()
    {
        using var module = Linear(2, 2);
        var handle = await _runtime.PutAsync(module);
        var general = _runtime.Open<Module>(handle);
        var tensors = new TensorCheck();

        var exact = _runtime.Open<TorchSharp.Modules.Linear>(handle);
        var called = _runtime.Open<Module<torch.Tensor, torch.Tensor>>(handle);

        tensors.Verify();
        Assert.Same(exact, _runtime.Open<TorchSharp.Modules.Linear>(handle));
        var rented = await general.RentAsync();
        rented.Dispose();
        Assert.True(exact.TryRent(out var warm));
        Assert.Same(rented.Target, warm.Target);
        Assert.False(called.TryRent(out _));
        warm.Dispose();
        called.Dispose();
        Assert.Throws<ObjectDisposedException>(exact.Materialise);
        ModuleDisposal.Release(_runtime.Open<TorchSharp.Modules.Linear>(handle).Materialise());
    }

    [Fact]
    public async Task TorchModel_should_not_be_opened_as_a_type_that_its_module_is_not()
    {
        using var module = Linear(2, 2);
        var handle = await _runtime.PutAsync(module);
        _runtime.Open<Module>(handle);

        var error = Assert.Throws<RecipeUnavailableException>(() => _runtime.Open<TorchSharp.Modules.Embedding>(handle));

        Assert.Contains("Embedding", error.Message, StringComparison.Ordinal);
    }

    private static async Task<List<IModelInstance>> RentAsync(TorchModel<Module> model, int count)
    {
        var rented = new List<IModelInstance>();
        for (var i = 0; i < count; i++)
        {
            rented.Add(await model.RentAsync());
        }

        return rented;
    }
}
