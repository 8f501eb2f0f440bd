using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Tests.Script;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Devices;

/// <summary>META stands in for a device: everything but the device itself is the same.</summary>
public sealed class DevicePlacementSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;
    private readonly TorchRuntime _runtime;

    public DevicePlacementSpecs()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _runtime = new TorchRuntime(_store);
    }

    public void Dispose()
    {
        _runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task TorchRuntime_should_place_instances_on_the_device_and_leave_those_on_the_cpu_alone()
    {
        using var module = Linear(4, 4);
        var handle = await _runtime.PutAsync(module);

        var moved = _runtime.Open(handle, new OpenOptions<TorchSharp.Modules.Linear> { Device = torch.META }).Materialise();
        var here = _runtime.Open<TorchSharp.Modules.Linear>(handle).Materialise();

        Assert.Equal(DeviceType.META, moved.weight.device_type);
        Assert.Equal(DeviceType.CPU, here.weight.device_type);
        Assert.Equal(DeviceType.CPU, module.weight.device_type);
        ModuleDisposal.Release(moved);
        ModuleDisposal.Release(here);
    }

    [Fact]
    public async Task TorchRuntime_should_move_a_model_once_for_each_device()
    {
        using var module = Linear(4, 4);
        var handle = await _runtime.PutAsync(module);
        var options = new OpenOptions<TorchSharp.Modules.Linear> { Device = torch.META };

        Assert.Same(_runtime.Open(handle, options), _runtime.Open(handle, options));
        Assert.NotSame(_runtime.Open(handle, options), _runtime.Open<TorchSharp.Modules.Linear>(handle));
    }

    [Fact]
    public async Task TorchRuntime_should_place_native_layers_of_a_live_module_on_the_device_and_leave_the_others_alone()
    {
        using var module = LSTM(4, 4);
        var handle = await _runtime.PutAsync(module);

        var here = _runtime.Open<TorchSharp.Modules.LSTM>(handle).Materialise();
        var moved = _runtime.Open(handle, new OpenOptions<TorchSharp.Modules.LSTM> { Device = torch.META }).Materialise();

        Assert.All(moved.parameters(), weight => Assert.Equal(DeviceType.META, weight.device_type));
        Assert.All(here.parameters(), weight => Assert.Equal(DeviceType.CPU, weight.device_type));
        Assert.All(module.parameters(), weight => Assert.Equal(DeviceType.CPU, weight.device_type));
        ModuleDisposal.Release(moved);
        ModuleDisposal.Release(here);
    }

    [Theory]
    [InlineData("meta")]
    [InlineData("cuda")]
    public async Task TorchRuntime_should_keep_a_script_on_the_host_that_libtorch_cannot_load_elsewhere(string device)
    {
        var handle = await _runtime.PutFileAsync(ScriptExample.Path("quantized.pt"));

        var error = Assert.Throws<DeviceUnavailableException>(() => _runtime.OpenAny(handle, new torch.Device(device)));

        Assert.Contains($"not on {device}", error.Message, StringComparison.Ordinal);
        Assert.Contains("quantized layers", error.Message, StringComparison.Ordinal);
        using var here = await _runtime.OpenAny(handle).RentAsync();
        Assert.All(ScriptExample.Of("quantized"), example => example.AssertAnswered(here));
    }

    [Fact]
    public async Task TorchRuntime_should_release_what_it_built_where_the_one_shared_instance_cannot_be_made()
    {
        using var module = Linear(4, 4);
        var handle = await _runtime.PutAsync(module);
        var built = new List<Single>();

        Assert.Throws<InvalidOperationException>(() => _runtime.Open(
            handle,
            new OpenOptions<Module>
            {
                Stateless = true,
                Factory = _ => built.Count == 0 ? Built(new Single()) : throw new InvalidOperationException("once only"),
            }));

        Assert.True(Assert.Single(built).Weight.IsInvalid);

        Module Built(Single one)
        {
            built.Add(one);
            return one;
        }
    }

    [Theory]
    [InlineData(DeviceType.MPS, -1, "mps")]
    [InlineData(DeviceType.XLA, 1, "xla:1")]
    [InlineData(DeviceType.CUDA, -2, "cuda:-2")]
    [InlineData(DeviceType.CUDA, 99, "cuda:99")]
    public void DevicePlacement_should_name_a_device_that_is_not_there(DeviceType type, int index, string name)
    {
        var error = Assert.Throws<DeviceUnavailableException>(() => DevicePlacement.Require(new torch.Device(type, index)));

        Assert.StartsWith($"Device {name} was asked for, and ", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task TorchRuntime_should_say_what_to_do_where_there_is_no_such_device()
    {
        Skip.If(torch.cuda.is_available(), "This machine has a CUDA device.");
        using var module = Linear(4, 4);
        var handle = await _runtime.PutAsync(module);

        var error = Assert.Throws<DeviceUnavailableException>(
            () => _runtime.Open(handle, new OpenOptions<TorchSharp.Modules.Linear> { Device = new torch.Device(DeviceType.CUDA, 0) }));

        Assert.Contains("TorchBackend", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Of a linear layer's tensors, and with something that cannot be cloned.</summary>
    private sealed class Single : Module
    {
        public Single()
            : base(nameof(Single))
        {
            register_parameter("weight", Weight);
            register_parameter("bias", new TorchSharp.Modules.Parameter(torch.zeros(4)));
        }

        public TorchSharp.Modules.Parameter Weight { get; } = new(torch.zeros(4, 4));

        public SemaphoreSlim Gate { get; } = new(1);
    }
}
