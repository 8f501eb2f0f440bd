using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Tests.Script;

namespace ZeroCopy.Torch.Tests.Devices;

/// <summary>Scripts on a CUDA device; skipped where there is none.</summary>
public sealed class CudaScriptSpecs : RuntimeSpec
{
    // Of the fixtures, quantized layers run on the host only, and the code of the two traced ones names the CPU: PyTorch cannot run them
    // elsewhere either.
    private static readonly string[] OnTheHost = ["quantized", "traced", "traced_constant"];

    public static TheoryData<string> Names => CudaDevice.Rows(ScriptExample.Names.Except(OnTheHost));

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task Scripts_should_answer_on_the_device_as_in_PyTorch(string name)
    {
        var device = CudaDevice.Require();
        var handle = await Runtime.PutFileAsync(ScriptExample.Path($"{name}.pt"));
        using var instance = await Runtime.OpenAny(handle, device).RentAsync();

        Assert.All(ScriptExample.Of(name), example => example.AssertAnswered(instance, device));
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task Scripts_should_share_one_copy_of_the_weights_on_the_device_and_leave_the_store_alone(string name)
    {
        var device = CudaDevice.Require();
        var handle = await Runtime.PutFileAsync(ScriptExample.Path($"{name}.pt"));
        using var first = await Runtime.OpenAny(handle, device).RentAsync();
        using var second = await Runtime.OpenAny(handle, new torch.Device("cuda:0")).RentAsync();
        using var here = await Runtime.OpenAny(handle).RentAsync();

        var (one, other) = (Parameters(first), Parameters(second));

        Assert.All(one, weight => Assert.Equal(DeviceType.CUDA, weight.device_type));
        Assert.Equal(one.Select(TorchNative.Data), other.Select(TorchNative.Data));
        Assert.All(ScriptExample.Of(name), example => example.AssertAnswered(here));
        Assert.All(Parameters(here), weight => Assert.Equal(DeviceType.CPU, weight.device_type));
    }

    private static List<TorchSharp.Modules.Parameter> Parameters(IModelInstance instance) =>
        [.. ((torch.nn.Module)((ScriptProgram)instance.Target).Module).named_parameters().Select(named => named.parameter)];
}
