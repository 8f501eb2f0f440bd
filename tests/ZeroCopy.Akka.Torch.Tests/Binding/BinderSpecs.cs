using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Binding;

public sealed class BinderSpecs
{
    [Theory]
    [MemberData(nameof(ModuleCases.Names), MemberType = typeof(ModuleCases))]
    public void Binder_should_give_bit_equal_answers_from_the_shared_memory(string name)
    {
        var one = ModuleCases.Get(name);
        var original = one.Create(1);
        using var expected = one.Run(original);
        using var blocks = MemoryBlocks.Of(original);
        var other = one.Create(2);
        using var before = one.Run(other);
        Assert.False(TensorEquality.Same(expected, before));

        Binder.Bind(other, blocks.Entries, blocks);

        using var answer = one.Run(other);
        Assert.True(TensorEquality.Same(expected, answer));
        Assert.All(ModuleState.Read(other), state => Assert.True(blocks.Holds(state.Tensor), state.Name));
        Assert.All(ModuleState.Read(other), state => Assert.False(state.Tensor.requires_grad, state.Name));
        ModuleDisposal.Release(other);
        ModuleDisposal.Release(original);
        // TorchSharp's convolutions leave a wrapper of their weight to the collector in each forward.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(0, blocks.LiveViews);
    }

    [Fact]
    public void Binder_should_name_every_tensor_that_does_not_fit_and_change_nothing()
    {
        using var source = Sequential(("a", Linear(4, 4)), ("b", Linear(4, 2)), ("c", Linear(2, 2)));
        using var blocks = MemoryBlocks.Of(source);
        using var target = Sequential(("a", Linear(4, 4, dtype: torch.ScalarType.Float64)), ("b", Linear(4, 3)), ("d", Linear(2, 2)));

        var error = Assert.Throws<BindingException>(() => Binder.Bind(target, blocks.Entries, blocks));

        Assert.Equal(8, error.Problems.Length);
        Assert.Contains(error.Problems, problem => problem.Contains("a.weight is Float64"));
        Assert.Contains(error.Problems, problem => problem.Contains("b.weight has shape [3, 4]"));
        Assert.Contains(error.Problems, problem => problem.Contains("c.bias is surplus"));
        Assert.Contains(error.Problems, problem => problem.Contains("d.bias is missing"));
        Assert.DoesNotContain(ModuleState.Read(target), state => blocks.Holds(state.Tensor));
    }

    [Fact]
    public void Binder_should_bind_managed_layers_built_on_meta()
    {
        var one = ModuleCases.Get("small BERT");
        using var original = one.Create(1);
        using var expected = one.Run(original);
        using var blocks = MemoryBlocks.Of(original);
        var target = new SmallBert(torch.META, 2, 128, 100);

        Binder.Bind(target, blocks.Entries, blocks);

        using var answer = one.Run(target);
        Assert.True(TensorEquality.Same(expected, answer));
        ModuleDisposal.Release(target);
    }

    public static TheoryData<string> Native => ["Embedding", "EmbeddingBag", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell"];

    [Theory]
    [MemberData(nameof(Native))]
    public void Binder_should_refuse_a_native_layer_built_on_meta(string name)
    {
        using var source = ModuleCases.Get(name).Create(1);
        using var blocks = MemoryBlocks.Of(source);
        using var target = ModuleCases.Get(name).Create(2);
        target.to(DeviceType.META);

        var error = Assert.Throws<BindingException>(() => Binder.Bind(target, blocks.Entries, blocks));

        Assert.Equal(blocks.Entries.Length, error.Problems.Length);
        Assert.All(error.Problems, problem => Assert.Contains("native layer", problem));
    }

    [Fact]
    public void Binder_should_take_a_tensor_under_any_of_its_names()
    {
        using var source = Linear(4, 4, hasBias: false);
        using var blocks = MemoryBlocks.Of(source);
        var entry = Assert.Single(blocks.Entries);
        using var target = Linear(4, 4, hasBias: false);

        Binder.Bind(target, [entry with { Name = "first", Aliases = ["other", "weight"] }], new Renamed(blocks, entry));

        Assert.All(ModuleState.Read(target), state => Assert.True(blocks.Holds(state.Tensor)));
    }

    [Fact]
    public void Binder_should_refuse_a_tie_where_the_model_has_two_tensors()
    {
        using var source = Sequential(("_a", Linear(8, 8)), ("_b", Linear(8, 8)));
        using var blocks = MemoryBlocks.Of(source);
        using var target = new TiedLinears();

        var error = Assert.Throws<BindingException>(() => Binder.Bind(target, blocks.Entries, blocks));

        Assert.Contains("is tied to", Assert.Single(error.Problems));
    }

    [Fact]
    public void Binder_should_leave_a_module_without_gradients()
    {
        using var module = Linear(4, 4);
        using var blocks = MemoryBlocks.Of(module);
        Binder.Bind(module, blocks.Entries, blocks);
        using var input = torch.ones(1, 4);

        using var answer = module.forward(input);

        Assert.False(answer.requires_grad);
        Assert.Null(answer.grad);
    }

    private sealed class Renamed(MemoryBlocks blocks, Manifests.TensorEntry entry) : ZeroCopy.Torch.Views.IViewSource
    {
        public torch.Tensor View(Manifests.TensorEntry renamed) => blocks.View(entry);

        public void Dispose()
        {
        }
    }
}
