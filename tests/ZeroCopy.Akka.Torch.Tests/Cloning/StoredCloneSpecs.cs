using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Cloning;

public sealed class StoredCloneSpecs
{
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
        Assert.Equal(0, blocks.LiveViews);
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
        Assert.Equal(0, blocks.LiveViews + blocksOfTable.LiveViews);
    }

    [Theory]
    [InlineData(EmbeddingBagMode.Mean, 20, 3, new[] { 3, 4 })]
    [InlineData(EmbeddingBagMode.Mean, 20, 3, new[] { 2, 3 })]
    [InlineData(EmbeddingBagMode.Mean, 20, 3, new[] { 1, 2, 3, 4, 5 })]
    [InlineData(EmbeddingBagMode.Mean, 20, 3, new int[0])]
    [InlineData(EmbeddingBagMode.Mean, 20, -1, new[] { 3, 4, 19 })]
    [InlineData(EmbeddingBagMode.Mean, 3, 0, new[] { 0 })]
    [InlineData(EmbeddingBagMode.Mean, 2, 0, new[] { 0 })]
    [InlineData(EmbeddingBagMode.Mean, 5000, 4999, new[] { 4998, 4999 })]
    [InlineData(EmbeddingBagMode.Max, 20, 3, new[] { 3 })]
    [InlineData(EmbeddingBagMode.Max, 20, 3, new[] { 2, 3 })]
    [InlineData(EmbeddingBagMode.Max, 20, -1, new[] { 2, 3 })]
    [InlineData(EmbeddingBagMode.Max, 3, 2, new[] { 2 })]
    [InlineData(EmbeddingBagMode.Sum, 20, 3, new[] { 3, 4 })]
    [InlineData(EmbeddingBagMode.Sum, 4, -1, new[] { 1, 3 })]
    public void StoredClone_should_answer_for_bags_of_any_rows_when_some_are_zero(
        EmbeddingBagMode mode, int rows, int padding, int[] zeros)
    {
        var original = EmbeddingBag(rows, 8, mode: mode, padding_index: padding);
        using (torch.no_grad())
        {
            // None is negative where the row that is left out has its neighbour.
            original.weight!.normal_();
            original.weight![4 % rows].abs_();
            foreach (var zero in zeros)
            {
                original.weight![zero].zero_();
            }
        }

        Func<Module, torch.Tensor> run = module => PairsOf((EmbeddingBag)module, Math.Min(rows, 20), rows - 1);
        AssertAnswersAlike(original, run);
    }

    [Theory]
    [InlineData(EmbeddingBagMode.Mean)]
    [InlineData(EmbeddingBagMode.Max)]
    public void StoredClone_should_answer_for_bags_of_any_rows_when_none_is_negative(EmbeddingBagMode mode)
    {
        foreach (var padding in new[] { -1, 3 })
        {
            var original = EmbeddingBag(20, 8, mode: mode, padding_index: padding);
            using (torch.no_grad())
            {
                original.weight!.uniform_(0, 1);
                original.weight![3].zero_();
                original.weight![4].zero_();
            }

            AssertAnswersAlike(original, module => PairsOf((EmbeddingBag)module, 20, 19));
        }
    }

    [Theory]
    [InlineData(EmbeddingBagMode.Sum)]
    [InlineData(EmbeddingBagMode.Mean)]
    [InlineData(EmbeddingBagMode.Max)]
    public void StoredClone_should_answer_for_bags_of_any_rows_when_every_second_is_infinite(EmbeddingBagMode mode)
    {
        var original = EmbeddingBag(2, 8, mode: mode);
        using (torch.no_grad())
        {
            original.weight![0].fill_(double.NegativeInfinity);
        }

        AssertAnswersAlike(original, module => PairsOf((EmbeddingBag)module, 2, 1));
    }

    [Theory]
    [InlineData(EmbeddingBagMode.Sum)]
    [InlineData(EmbeddingBagMode.Mean)]
    [InlineData(EmbeddingBagMode.Max)]
    public void StoredClone_should_answer_for_bags_of_any_rows_when_no_two_neighbours_are_finite(EmbeddingBagMode mode)
    {
        var original = EmbeddingBag(4, 8, mode: mode);
        using (torch.no_grad())
        {
            original.weight![0].fill_(double.PositiveInfinity);
            original.weight![1].fill_(1);
            original.weight![2].fill_(double.PositiveInfinity);
            original.weight![3].fill_(2);
        }

        AssertAnswersAlike(original, module => PairsOf((EmbeddingBag)module, 4, 3));
    }

    [Fact]
    public void StoredClone_should_hold_few_tensors_at_a_time_while_it_reads_the_options_of_a_large_table()
    {
        using var table = EmbeddingBag(200_000, 1);
        using var blocks = MemoryBlocks.Of(table);
        var before = torch.Tensor.PeakCount;

        ModuleDisposal.Release(StoredClone.Create(table, blocks.Entries, blocks));

        Assert.InRange(torch.Tensor.PeakCount, before, Math.Max(before, torch.Tensor.TotalCount + 1000));
    }

    [Theory]
    [InlineData(NonLinearities.ReLU, 1e-4, 0.0)]
    [InlineData(NonLinearities.Tanh, 1e-4, 0.0)]
    [InlineData(NonLinearities.ReLU, 1e-9, 1e-5)]
    [InlineData(NonLinearities.Tanh, 1e-9, 1e-5)]
    [InlineData(NonLinearities.ReLU, 0.0, 0.7)]
    [InlineData(NonLinearities.Tanh, 0.0, 0.7)]
    [InlineData(NonLinearities.Tanh, 1e-3, 5.0)]
    [InlineData(NonLinearities.ReLU, 1e-3, 5.0)]
    public void StoredClone_should_read_the_non_linearity_of_layers_with_small_weights(NonLinearities kind, double scale, double bias)
    {
        AssertAnswersAlike(Scaled(RNNCell(8, 4, kind)), module => ((RNNCell)module).forward(Large(6, 8), Large(6, 4)));
        AssertAnswersAlike(
            Scaled(RNN(8, 4, 2, kind, batchFirst: true, bidirectional: true)),
            module => ((RNN)module).forward(Large(6, 3, 8), Large(4, 6, 4)).Item1);

        Module Scaled(Module layer)
        {
            using var frozen = torch.no_grad();
            foreach (var (name, tensor) in layer.named_parameters())
            {
                tensor.uniform_(-1, 1);
                if (name.StartsWith("bias", StringComparison.Ordinal))
                {
                    tensor.fill_(bias);
                }
                else
                {
                    tensor.mul_(scale);
                }
            }

            return layer;
        }

        static torch.Tensor Large(params long[] shape) => CaseInputs.Reals(shape) * 1e3f;
    }

    [Fact]
    public void StoredClone_should_refuse_a_layer_whose_weights_hide_its_non_linearity()
    {
        using var cell = RNNCell(8, 4);
        using (torch.no_grad())
        {
            cell.weight_ih!.fill_(double.NaN);
        }

        using var blocks = MemoryBlocks.Of(cell);

        Assert.Contains(
            "non-linearity", Assert.Throws<CloneRefusedException>(() => StoredClone.Create(cell, blocks.Entries, blocks)).Message);
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

    /// <summary>The answers to a bag of each two of the first rows, and of each with the last.</summary>
    private static torch.Tensor PairsOf(EmbeddingBag bag, int rows, int last)
    {
        var first = Enumerable.Range(0, rows).ToArray();
        long[] pairs = [.. first.SelectMany(one => first.Append(last).SelectMany(other => new long[] { one, other, last }))];
        using var input = torch.tensor(pairs);
        using var offsets = torch.arange(0, pairs.Length, 3);
        return bag.forward(input, offsets, null);
    }

    private static void AssertAnswersAlike(Module original, Func<Module, torch.Tensor> run)
    {
        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        using var blocks = MemoryBlocks.Of(original);
        var prototype = StoredClone.Create(original, blocks.Entries, blocks);

        Assert.True(run(original).allclose(run(prototype)));
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
