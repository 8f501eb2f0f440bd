using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Cloning;

public sealed class ModuleClonerSpecs
{
    [Theory]
    [MemberData(nameof(ModuleCases.Names), MemberType = typeof(ModuleCases))]
    public void ModuleCloner_should_give_equal_clones_that_outlive_each_other(string name)
    {
        var one = ModuleCases.Get(name);
        var prototype = one.Create(1);
        using var expected = one.Run(prototype);
        var clone = ModuleCloner.Clone(prototype);
        var clonesClone = ModuleCloner.Clone(clone);
        var before = ModuleState.Read(prototype);
        var after = ModuleState.Read(clone);
        Assert.Equal(before.Select(state => state.Name), after.Select(state => state.Name));
        Assert.Equal(before.Select(state => TorchNative.Data(state.Tensor)), after.Select(state => TorchNative.Data(state.Tensor)));
        Assert.All(before.Zip(after), pair => Assert.NotSame(pair.First.Tensor, pair.Second.Tensor));
        using (var answer = one.Run(clone))
        {
            Assert.True(TensorEquality.Same(expected, answer));
        }

        ModuleDisposal.Release(clone);
        using (var answer = one.Run(clonesClone))
        {
            Assert.True(TensorEquality.Same(expected, answer));
        }

        ModuleDisposal.Release(prototype);
        using (var answer = one.Run(clonesClone))
        {
            Assert.True(TensorEquality.Same(expected, answer));
        }

        ModuleDisposal.Release(clonesClone);
    }

    [Theory]
    [MemberData(nameof(ModuleCases.Names), MemberType = typeof(ModuleCases))]
    public void ModuleCloner_should_leave_no_tensor_behind(string name)
    {
        var one = ModuleCases.Get(name);
        var prototype = one.Create(1);
        ModuleDisposal.Release(ModuleCloner.Clone(prototype));
        var tensors = new TensorCheck();

        for (var i = 0; i < 20; i++)
        {
            ModuleDisposal.Release(ModuleCloner.Clone(prototype));
        }

        tensors.Verify();
        ModuleDisposal.Release(prototype);
    }

    [Fact]
    public void ModuleCloner_should_keep_managed_state_apart()
    {
        var one = ModuleCases.Get("closures and state");
        var prototype = (StatefulModule)one.Create(1);
        var clone = ModuleCloner.Clone(prototype);

        one.Run(clone).Dispose();
        one.Run(clone).Dispose();

        Assert.Equal((0, 2), (prototype.Calls, clone.Calls));
        Assert.Empty(prototype.Log);
        Assert.Equal([1, 2], clone.Log);
        ModuleDisposal.Release(clone);
        ModuleDisposal.Release(prototype);
    }

    [Fact]
    public void ModuleCloner_should_refuse_with_member_and_reason_and_leave_the_prototype_intact()
    {
        using var prototype = new RefusedModule();
        using var input = torch.ones(2, 4);
        using var expected = prototype.forward(input);
        var tensors = new TensorCheck();

        for (var i = 0; i < 20; i++)
        {
            var error = Assert.Throws<CloneRefusedException>(() => ModuleCloner.Clone(prototype));
            Assert.Contains("RefusedModule._perThread", error.Message);
        }

        tensors.Verify();
        using var answer = prototype.forward(input);
        Assert.True(TensorEquality.Same(expected, answer));
    }

    [Fact]
    public void ModuleCloner_should_serve_eight_threads()
    {
        var one = ModuleCases.Get("small BERT");
        var prototype = one.Create(1);
        using var input = torch.arange(8, dtype: torch.ScalarType.Int64).reshape(1, 8);
        using var expected = ((SmallBert)prototype).forward(input);
        var wrong = 0;
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            using var frozen = torch.no_grad();
            for (var i = 0; i < 10; i++)
            {
                var clone = ModuleCloner.Clone((SmallBert)prototype);
                using var answer = clone.forward(input);
                if (!TensorEquality.Same(expected, answer))
                {
                    Interlocked.Increment(ref wrong);
                }

                ModuleDisposal.Release(clone);
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, wrong);
        ModuleDisposal.Release(prototype);
    }

    private sealed class RefusedModule : Module<torch.Tensor, torch.Tensor>
    {
        private readonly TorchSharp.Modules.Linear _linear = Linear(4, 4);
        private readonly ThreadLocal<int> _perThread = new(() => 1);

        public RefusedModule()
            : base(nameof(RefusedModule)) => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) => _linear.forward(x) * _perThread.Value;
    }
}
