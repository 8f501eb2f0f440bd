using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests;

/// <summary>Live modules in a real store, from put to release.</summary>
public sealed class TorchRuntimeSpecs : RuntimeSpec
{
    public static TheoryData<string> Names => EveryCase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TorchRuntime_should_give_instances_whose_parameters_all_lie_in_the_mapping(string name)
    {
        var one = EveryCase.Get(name);
        var module = one.Create(1);
        using var expected = one.Run(module);

        var handle = await Runtime.PutAsync(module);
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
        var handle = await Runtime.PutAsync(module);
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
        var before = await Runtime.PutAsync(module);
        using var weight = module.weight!;
        using (torch.no_grad())
        {
            weight.add_(1);
        }

        using var second = module.forward(index);

        var after = await Runtime.PutAsync(module);

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

        var handle = await Runtime.PutAsync(module, new PutModuleOptions { Rebind = true });

        AssertMapped(module, handle);
        ModuleDisposal.Release(module);
    }

    [Fact]
    public async Task TorchRuntime_should_tell_why_a_live_module_cannot_be_opened()
    {
        using var module = Embedding(4, 2, max_norm: 1);
        var handle = await Runtime.PutAsync(module);

        var error = Assert.Throws<RecipeUnavailableException>(() => Materialise(handle));

        Assert.Contains("max_norm", error.Message, StringComparison.Ordinal);
        Assert.Contains("OpenOptions.Factory", error.Message, StringComparison.Ordinal);
        Assert.IsType<CloneRefusedException>(error.InnerException);
    }

    [Fact]
    public async Task TorchRuntime_should_open_a_module_that_was_handed_over_though_its_layers_cannot_be_built_anew()
    {
        using var module = Embedding(4, 2, max_norm: 1);
        var handle = await Runtime.PutAsync(module, new PutModuleOptions { Rebind = true });

        var instance = Materialise(handle);

        AssertMapped(instance, handle);
        ModuleDisposal.Release(instance);
    }

    [Theory]
    [InlineData("small BERT")]
    [InlineData("Conv2d and BatchNorm2d")]
    [InlineData("LSTM")]
    public async Task TorchRuntime_should_make_ordinary_instances_where_inference_mode_is_on(string name)
    {
        var one = ModuleCases.Get(name);
        var module = one.Create(1);
        using var expected = one.Run(module);
        var handle = await Runtime.PutAsync(module);
        var again = await Runtime.PutAsync(module);
        var instances = new List<Module>();
        using (torch.inference_mode())
        {
            instances.Add(Materialise(handle));
            instances.Add(Runtime.Open(again, new OpenOptions<Module> { Factory = _ => one.Make() }).Materialise());
        }

        foreach (var instance in instances)
        {
            using var answer = one.Run(instance);
            Assert.True(TensorEquality.Same(expected, answer));
        }

        // libtorch refuses to write to tensors that were made in inference mode.
        using (torch.no_grad())
        {
            instances.SelectMany(ModuleState.Read).ToList().ForEach(state => state.Tensor.fill_(1));
        }

        instances.ForEach(ModuleDisposal.Release);
        ModuleDisposal.Release(module);
    }

    [Fact]
    public async Task TorchRuntime_should_leave_instances_valid_when_all_else_is_gone()
    {
        var one = ModuleCases.Get("small BERT");
        var module = one.Create(1);
        using var expected = one.Run(module);
        var store = ObjectStore.Open(new ObjectStoreOptions { Directory = File("other") });
        var runtime = new TorchRuntime(store);
        var handle = await runtime.PutAsync(module);
        ModuleDisposal.Release(module);
        var model = runtime.Open<Module>(handle);
        var rented = await model.RentAsync();
        var instance = model.Materialise();

        runtime.Dispose();
        using var rentedAnswer = one.Run((Module)rented.Target);
        // What is rented is leased.
        rented.Dispose();
        store.Remove(handle.Id);
        store.Dispose();

        using var answer = one.Run(instance);
        Assert.True(TensorEquality.Same(expected, answer));
        Assert.True(TensorEquality.Same(expected, rentedAnswer));
        ModuleDisposal.Release(instance);
    }

    [Fact]
    public async Task TorchRuntime_should_keep_the_memory_of_a_weight_that_left_its_module()
    {
        using var module = Linear(4, 4);
        using var expected = module.weight.clone();
        var handle = await Runtime.PutAsync(module);
        var instance = (TorchSharp.Modules.Linear)Materialise(handle);
        using var escaped = instance.weight.t();

        ModuleDisposal.Release(instance);
        Runtime.Dispose();

        using var back = escaped.t();
        Assert.True(TensorEquality.Same(expected, back));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TorchRuntime_should_leave_rented_instances_valid_when_the_model_is_closed(bool stateless)
    {
        var module = torch.nn.Linear(4, 4);
        var handle = await Runtime.PutAsync(module);
        ModuleDisposal.Release(module);
        var model = Runtime.Open(handle, new OpenOptions<TorchSharp.Modules.Linear> { Stateless = stateless });
        var (first, second) = (await model.RentAsync(), await model.RentAsync());
        using var input = torch.ones(1, 4);
        using var expected = Call(first);

        Runtime.Close(handle);
        first.Dispose();

        using var answer = Call(second);
        second.Dispose();
        Assert.True(TensorEquality.Same(expected, answer));

        torch.Tensor Call(IModelInstance instance) =>
            (torch.Tensor)instance.Run((target, argument) => ((TorchSharp.Modules.Linear)target).forward((torch.Tensor)argument!), input)!;
    }

    [Fact]
    public async Task TorchRuntime_should_serve_eight_threads_with_one_instance_of_a_stateless_model()
    {
        var one = ModuleCases.Get("Transformer");
        var module = one.Create(1);
        using var source = torch.ones(5, 2, 16);
        using var target = torch.ones(4, 2, 16);
        var handle = await Runtime.PutAsync(module);
        ModuleDisposal.Release(module);
        var model = Runtime.Open(handle, new OpenOptions<TorchSharp.Modules.Transformer> { Stateless = true });
        using var expected = Call();
        var wrong = 0;
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 10; i++)
            {
                using var answer = Call();
                if (!TensorEquality.Same(expected, answer))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, wrong);

        torch.Tensor Call()
        {
            Assert.True(model.TryRent(out var instance));
            using (instance)
            {
                return (torch.Tensor)instance.Run(
                    (transformer, _) => ((TorchSharp.Modules.Transformer)transformer).forward(source, target), null)!;
            }
        }
    }

    private static torch.Tensor Answer(TorchSharp.Modules.LSTM module, torch.Tensor input)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return module.forward(input, null).Item1.MoveToOuterDisposeScope();
    }

    private Module Materialise(ModelHandle handle) => Runtime.Open<Module>(handle).Materialise();

    /// <summary>The module's parameters lie in segments of the store, one of each block at least.</summary>
    private void AssertMapped(Module module, ModelHandle handle)
    {
        using var lease = Store.Acquire(handle.Id, "addresses");
        var blocks = lease.Manifest.Tensors.SelectMany(entry => entry.Aliases.Prepend(entry.Name), (entry, name) => (entry, name))
            .ToDictionary(pair => pair.name, pair => pair.entry.Block);
        Assert.All(
            ModuleState.Read(module).Where(state => state.Role == TensorRole.Parameter && state.Tensor.numel() > 0)
                .GroupBy(state => blocks[state.Name]),
            states => Assert.Contains(states, state => IsInSegment(TorchNative.Data(state.Tensor))));
    }

    private static bool IsInSegment(nint address) => !OperatingSystem.IsLinux() || System.IO.File.ReadLines("/proc/self/maps").Any(line =>
    {
        // "7f00c8000000-7f00c8021000 rw-p 00000000 00:00 0   /path"
        var range = line[..line.IndexOf(' ')].Split('-');
        return line.Contains("/segments/", StringComparison.Ordinal)
            && address >= nint.Parse(range[0], System.Globalization.NumberStyles.HexNumber)
            && address < nint.Parse(range[1], System.Globalization.NumberStyles.HexNumber);
    });
}
