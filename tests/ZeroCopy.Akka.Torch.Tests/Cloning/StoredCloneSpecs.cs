using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Cloning;

public sealed class StoredCloneSpecs
{
    private readonly long _views = MemoryBlocks.LiveViews;

    public static TheoryData<string> Names => EveryCase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void StoredClone_should_answer_from_the_shared_memory_whatever_becomes_of_the_module(string name)
    {
        var one = EveryCase.Get(name);
        var original = one.Create(1);
        using var expected = one.Run(original);
        using var blocks = MemoryBlocks.Of(original);

        var prototype = StoredClone.Create(original, blocks.Entries, blocks);

        Assert.All(ModuleState.Read(prototype), state => Assert.True(blocks.Holds(state.Tensor), state.Name));
        using (var answer = one.Run(prototype))
        {
            Assert.True(TensorEquality.Same(expected, answer));
        }

        Ruin(original);
        using (var answer = one.Run(prototype))
        {
            Assert.True(TensorEquality.Same(expected, answer));
        }

        Assert.False(prototype.training);
        Assert.All(ModuleState.Read(prototype), state => Assert.False(state.Tensor.requires_grad, state.Name));
        ModuleDisposal.Release(prototype);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(_views, MemoryBlocks.LiveViews);
    }

    [Theory]
    [MemberData(nameof(NativeCases.Names), MemberType = typeof(NativeCases))]
    public void StoredClone_should_read_the_options_of_a_layer_that_is_training(string name)
    {
        var one = NativeCases.Get(name);
        var original = one.Create(1);
        using var expected = one.Run(original);
        using var blocks = MemoryBlocks.Of(original);
        original.train();

        var prototype = StoredClone.Create(original, blocks.Entries, blocks);

        Assert.True(original.training);
        using var answer = one.Run(prototype);
        Assert.True(TensorEquality.Same(expected, answer));
        ModuleDisposal.Release(prototype);
        ModuleDisposal.Release(original);
    }

    [Fact]
    public void StoredClone_should_refuse_embeddings_that_rescale_their_rows_and_leave_those_alone()
    {
        using var module = EmbeddingBag(20, 8, max_norm: 0.5);
        using var table = Embedding(20, 8, max_norm: 0.5);
        using var before = table.weight!.clone();
        using var blocks = MemoryBlocks.Of(module);
        using var blocksOfTable = MemoryBlocks.Of(table);

        Assert.Contains("max_norm", Assert.Throws<CloneRefusedException>(() => StoredClone.Create(module, blocks.Entries, blocks)).Message);
        Assert.Contains(
            "max_norm",
            Assert.Throws<CloneRefusedException>(() => StoredClone.Create(table, blocksOfTable.Entries, blocksOfTable)).Message);
        Assert.True(TensorEquality.Same(before, table.weight!));
        Assert.Equal(_views, MemoryBlocks.LiveViews);
    }

    [Fact]
    public void StoredClone_should_leave_no_tensor_behind()
    {
        var modules = NativeCases.All.Select(one => one.Create(1)).ToList();
        modules.ForEach(Cycle);
        var tensors = new TensorCheck();

        modules.ForEach(Cycle);

        tensors.Verify();
        modules.ForEach(ModuleDisposal.Release);

        static void Cycle(Module module)
        {
            using var blocks = MemoryBlocks.Of(module);
            ModuleDisposal.Release(StoredClone.Create(module, blocks.Entries, blocks));
        }
    }

    [Fact]
    public void StoredClone_should_copy_tensors_that_no_module_registered()
    {
        var original = new Offset();
        using var blocks = MemoryBlocks.Of(original);

        var prototype = (Offset)StoredClone.Create(original, blocks.Entries, blocks);
        original.Value.fill_(7);

        Assert.Equal(1, prototype.Value.ToSingle());
        ModuleDisposal.Release(prototype);
        ModuleDisposal.Release(original);
    }

    /// <summary>What an owner may do to a module that was put: train it, convert it, throw it away.</summary>
    private static void Ruin(Module module)
    {
        using (torch.no_grad())
        {
            foreach (var state in ModuleState.Read(module))
            {
                state.Tensor.fill_(1);
            }
        }

        module.train();
        TorchInternals.SelfAndDescendants(module).Where(TorchInternals.IsNative).ToList()
            .ForEach(layer => layer.to(torch.ScalarType.Float64));
        ModuleDisposal.Release(module);
    }

    private sealed class Offset : Module<torch.Tensor, torch.Tensor>
    {
        private readonly TorchSharp.Modules.Linear _linear = Linear(4, 4);

        public Offset()
            : base(nameof(Offset)) => RegisterComponents();

        public List<torch.Tensor> Values { get; } = [torch.ones(1)];

        public torch.Tensor Value => Values[0];

        public override torch.Tensor forward(torch.Tensor x) => _linear.forward(x) + Value;
    }
}
