using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Devices;

/// <summary>Modules on a CUDA device; skipped where there is none.</summary>
public sealed class CudaModuleSpecs : RuntimeSpec
{
    private const long MiB = 1 << 20;

    private readonly List<Module> _instances = [];

    public static TheoryData<string> Names => CudaDevice.Rows(EveryCase.All.Select(one => one.Name));

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task Instances_should_answer_on_the_device_as_on_the_cpu_and_share_one_copy_of_the_weights(string name)
    {
        var device = CudaDevice.Require();
        var one = EveryCase.Get(name);
        using var module = one.Create(1);
        using var expected = one.Run(module);
        var handle = await Runtime.PutAsync(module);
        var model = Runtime.Open(handle, new OpenOptions<Module> { Device = device });
        var (first, second, here) = (Own(model.Materialise()), Own(model.Materialise()), Own(Runtime.Open<Module>(handle).Materialise()));

        using var answer = one.Run(first, device);
        using var other = one.Run(second, device);
        using var onTheCpu = one.Run(here);

        AssertClose(expected, answer);
        AssertClose(expected, other);
        Assert.True(TensorEquality.Same(expected, onTheCpu));
        Assert.All(ModuleState.Read(first), state => Assert.Equal(DeviceType.CUDA, state.Tensor.device_type));
        Assert.All(
            ModuleState.Read(here).Concat(ModuleState.Read(module)), state => Assert.Equal(DeviceType.CPU, state.Tensor.device_type));
        Assert.Equal(Addresses(first), Addresses(second));
        // The module may have more: the store keeps equal bytes once.
        Assert.Equal(Tensors(here), Addresses(first).Distinct().Count());
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task TorchRuntime_should_put_a_module_that_is_on_the_device(string name)
    {
        var device = CudaDevice.Require();
        var one = EveryCase.Get(name);
        using var module = one.Create(1);
        using var expected = one.Run(module);
        var before = await Runtime.PutAsync(module);
        ModuleMove.Move(module, new torch.Device(DeviceType.CUDA, 0));
        using var there = one.Run(module, device);
        var handle = await Runtime.PutAsync(module);
        var (here, back) = (
            Own(Runtime.Open<Module>(handle).Materialise()),
            Own(Runtime.Open(handle, new OpenOptions<Module> { Device = device }).Materialise()));

        using var onTheCpu = one.Run(here);
        using var onTheDevice = one.Run(back, device);

        AssertClose(expected, there);
        AssertClose(expected, onTheCpu);
        AssertClose(expected, onTheDevice);
        Assert.Equal(
            Store.ReadManifest(before.Id).Tensors.Select(entry => (entry.Name, entry.Block)),
            Store.ReadManifest(handle.Id).Tensors.Select(entry => (entry.Name, entry.Block)));
        Assert.All(ModuleState.Read(module), state => Assert.Equal(DeviceType.CUDA, state.Tensor.device_type));
    }

    [SkippableTheory]
    [InlineData("tied embedding")]
    [InlineData("tied tables")]
    public async Task Factories_should_bring_native_layers_whose_weight_is_set_from_outside(string name)
    {
        var device = CudaDevice.Require();
        var one = EveryCase.Get(name);
        using var module = one.Create(1);
        using var expected = one.Run(module);
        var handle = await Runtime.PutAsync(module);
        Runtime.Close(handle);

        var built = Own(Runtime.Open(handle, new OpenOptions<Module> { Device = device, Factory = _ => one.Create(2) }).Materialise());

        using var answer = one.Run(built, device);
        AssertClose(expected, answer);
        Assert.Single(Addresses(built).Distinct());
    }

    [SkippableFact]
    public async Task Factories_should_bring_pretrained_embeddings_and_take_their_memory_once()
    {
        var device = CudaDevice.Require();
        using var weight = torch.randn(32 << 10, 1 << 9);
        using var module = Embedding_from_pretrained(weight);
        var rows = torch.arange(20);
        using var expected = module.forward(rows);
        var handle = await Runtime.PutAsync(module);
        Runtime.Close(handle);
        var before = CudaDevice.FreeBytes();

        var built = Own(Runtime.Open(
            handle,
            new OpenOptions<TorchSharp.Modules.Embedding>
            {
                Device = device,
                Factory = build => Embedding_from_pretrained(build.Tensor("weight")),
            }).Materialise());

        using var answer = built.forward(rows.to(device)).cpu();
        AssertClose(expected, answer);
        Assert.Equal(DeviceType.CUDA, built.weight!.device_type);
        // The table is 64 MiB.
        Assert.InRange(before - CudaDevice.FreeBytes(), long.MinValue, 100 * MiB);
    }

    [SkippableFact]
    public void ModuleMove_should_keep_ties_of_two_wrappers()
    {
        CudaDevice.Require();
        using var weight = torch.randn(4, 4);
        // A parameter takes over the tensor that it is made of.
        using var tied = weight.detach();
        using var module = new Holder(weight);
        module.register_parameter("other", new TorchSharp.Modules.Parameter(tied, requires_grad: false));
        Assert.NotSame(module.get_parameter("weight"), module.get_parameter("other"));

        ModuleMove.Move(module, new torch.Device(DeviceType.CUDA, 0));

        Assert.Single(Addresses(module).Distinct());
        Assert.All(ModuleState.Read(module), state => Assert.Equal(DeviceType.CUDA, state.Tensor.device_type));
    }

    [SkippableFact]
    public async Task Built_in_BERT_should_answer_on_the_device_as_on_the_cpu()
    {
        var device = CudaDevice.Require();
        var configuration = new BertConfiguration
        {
            VocabularySize = 100,
            HiddenSize = 64,
            Layers = 3,
            Heads = 4,
            IntermediateSize = 128,
            MaxPositions = 32,
        };
        using var module = new BertModel(configuration);
        var handle = await Runtime.PutAsync(module);
        var moved = Own(Runtime.Open(handle, new OpenOptions<BertModel> { Device = device }).Materialise());
        using var scope = torch.NewDisposeScope();
        var ids = torch.arange(20, dtype: torch.int64).reshape(2, 10);
        var mask = torch.ones_like(ids);
        mask[1, 7..] = 0;

        var expected = module.forward(ids, mask);
        var answer = moved.forward(ids.cuda(), mask.cuda());

        Assert.Equal(expected.Keys, answer.Keys);
        Assert.All(expected, pair => AssertClose(pair.Value, answer[pair.Key].cpu()));
        Assert.Throws<ArgumentException>(() => moved.forward(torch.full([1, 4], 100, dtype: torch.int64).cuda()));
    }

    [SkippableFact]
    public async Task Device_should_hold_one_copy_of_the_weights_for_all_instances_and_get_it_back()
    {
        var device = CudaDevice.Require();
        using var module = Linear(4096, 4096, hasBias: false);
        var handle = await Runtime.PutAsync(module);
        var options = new OpenOptions<Module> { Device = device };
        ModuleDisposal.Release(Runtime.Open(handle, options).Materialise());
        var before = CudaDevice.FreeBytes();

        for (var round = 0; round < 20; round++)
        {
            // Forgotten with the model, so the module is put anew; the store has its weights.
            Runtime.Close(handle);
            handle = await Runtime.PutAsync(module);
            var instances = Enumerable.Range(0, 8).Select(_ => Own(Runtime.Open(handle, options).Materialise())).ToList();
            Assert.Single(instances.SelectMany(Addresses).Distinct());
            Release();
        }

        // One copy is 64 MiB. libtorch keeps what was freed for its next tensor.
        Assert.InRange(before - CudaDevice.FreeBytes(), long.MinValue, 80 * MiB);
    }

    [SkippableFact]
    public async Task Device_should_be_the_same_with_and_without_its_index()
    {
        CudaDevice.Require();
        using var module = Linear(4, 4);
        var handle = await Runtime.PutAsync(module);

        Assert.Same(
            Runtime.Open(handle, new OpenOptions<Module> { Device = torch.CUDA }),
            Runtime.Open(handle, new OpenOptions<Module> { Device = new torch.Device("cuda:0") }));
    }

    [SkippableFact]
    public async Task TorchRuntime_should_say_how_many_devices_there_are()
    {
        CudaDevice.Require();
        using var module = Linear(4, 4);
        var handle = await Runtime.PutAsync(module);

        var error = Assert.Throws<DeviceUnavailableException>(
            () => Runtime.Open(handle, new OpenOptions<Module> { Device = new torch.Device(DeviceType.CUDA, 99) }));

        Assert.Contains("cuda:99", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{torch.cuda.device_count()} CUDA device(s)", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task TorchRuntime_should_not_hand_over_a_module_that_is_on_the_device()
    {
        var device = CudaDevice.Require();
        using var module = Linear(4, 4).to(device);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Runtime.PutAsync(module, new PutModuleOptions { Rebind = true }));

        Assert.Contains("weight is on cuda:0", error.Message, StringComparison.Ordinal);
        Assert.Empty(Store.List());
        Assert.Equal(DeviceType.CUDA, module.weight.device_type);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ModuleMove_should_report_that_the_device_has_too_little_memory(bool native)
    {
        var device = CudaDevice.Require();
        // 4 TiB to the device, one element on the host.
        using var weight = torch.zeros(1, 1).expand(1 << 20, 1 << 20);
        using Module module = native ? Table(weight) : new Holder(weight);

        var error = Assert.Throws<System.Runtime.InteropServices.ExternalException>(
            () => ModuleMove.Move(module, new torch.Device(DeviceType.CUDA, 0)));

        Assert.Contains("out of memory", error.Message, StringComparison.OrdinalIgnoreCase);
        using var after = torch.ones(2, device: device).sum();
        Assert.Equal(2, after.item<float>());
    }

    public override void Dispose()
    {
        Release();
        base.Dispose();
    }

    private TModule Own<TModule>(TModule instance)
        where TModule : Module
    {
        _instances.Add(instance);
        return instance;
    }

    private void Release()
    {
        _instances.ForEach(ModuleDisposal.Release);
        _instances.Clear();
    }

    // Embedding_from_pretrained would first make a table of that size, on the host.
    private static TorchSharp.Modules.Embedding Table(torch.Tensor weight)
    {
        var table = Embedding(1, 1);
        table.weight!.requires_grad = false;
        table.weight.set_(weight).Dispose();
        return table;
    }

    private static int Tensors(Module module) =>
        ModuleState.Read(module).Where(state => TorchNative.Data(state.Tensor) != 0).Select(state => state.Identity).Distinct().Count();

    private static List<nint> Addresses(Module module) =>
        [.. ModuleState.Read(module).Select(state => TorchNative.Data(state.Tensor)).Where(address => address != 0)];

    private static void AssertClose(torch.Tensor expected, torch.Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(expected.dtype, actual.dtype);
        using var difference = expected.to(torch.float64).sub(actual.to(torch.float64)).abs().max();
        Assert.InRange(difference.item<double>(), 0, expected.element_size() < sizeof(float) ? 0.02 : 1e-3);
    }

    private sealed class Holder : Module
    {
        public Holder(torch.Tensor weight)
            : base(nameof(Holder)) => register_parameter("weight", new TorchSharp.Modules.Parameter(weight, requires_grad: false));
    }
}
