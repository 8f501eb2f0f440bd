using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Tests.Native.CppExceptions;

/// <summary>Each of these calls ends a process that has only TorchSharp.</summary>
public sealed class UncaughtExceptionsSpecs : IDisposable
{
    private readonly torch.Tensor _left = torch.ones(3, 4);
    private readonly torch.Tensor _right = torch.ones(5, 7);

    public UncaughtExceptionsSpecs()
    {
        Skip.IfNot(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "The handler is one for Linux on x64.");
        Assert.True(UncaughtExceptions.AreCaught, TorchLibrary.Remark);
    }

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    [SkippableFact]
    public void UncaughtExceptions_should_fail_the_call_on_every_thread() => Parallel.For(0, 100, _ =>
    {
        var error = Assert.Throws<ExternalException>(() => torch.matmul(_left, _right));

        Assert.StartsWith("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x7)", error.Message, StringComparison.Ordinal);
        using var fits = torch.matmul(_left.T, _left);
        Assert.Equal(3, fits[0, 0].ToSingle());
    });

    [SkippableFact]
    public void UncaughtExceptions_should_fail_the_call_whatever_the_type_of_the_exception()
    {
        // torch::jit::ErrorReport, which LibTorchSharp's clauses do not match.
        var error = Assert.Throws<ExternalException>(() => torch.jit.compile("def f(x):\n  return unknown\n"));

        Assert.Contains("undefined value unknown", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void UncaughtExceptions_should_fail_a_model_s_call_where_TorchSharp_does_not_ask()
    {
        using var big = torch.tensor(3_000_000_000);

        var error = Assert.Throws<ExternalException>(() => ModelCall.Run((_, _) => big.ToInt32(), this, null));

        Assert.Contains("cannot be converted to type int without overflow", error.Message, StringComparison.Ordinal);
        Assert.Equal(7, ModelCall.Run((_, _) => 7, this, null));
    }

    [SkippableFact]
    public void UncaughtExceptions_should_fail_a_model_s_call_where_LibTorchSharp_is_left_by_a_jump()
    {
        using var state = torch.ones(3);
        using var generator = new torch.Generator(1);

        var error = Assert.Throws<ExternalException>(() => ModelCall.Run((_, _) => Set(), this, null));

        Assert.Contains("must be a", error.Message, StringComparison.Ordinal);

        object? Set()
        {
            generator.set_state(state);
            return null;
        }
    }

    [SkippableFact]
    public void UncaughtExceptions_should_fail_a_move_to_a_device_that_is_not_there()
    {
        Skip.If(torch.cuda.is_available(), "This machine has such a device.");
        var module = torch.nn.LSTM(4, 4);

        var error = Assert.Throws<ExternalException>(() => TorchNative.Move(module, new torch.Device(DeviceType.CUDA)));

        Assert.Contains("CUDA", error.Message, StringComparison.OrdinalIgnoreCase);
        ModuleDisposal.Release(module);
    }

    [SkippableFact]
    public void UncaughtExceptions_should_tell_the_first_cause_where_a_model_goes_on_with_a_wrong_value()
    {
        using var big = torch.tensor(3_000_000_000);

        var error = Assert.Throws<ExternalException>(() => ModelCall.Run((_, _) => 1 / big.ToInt32(), this, null));

        Assert.Contains("cannot be converted", error.Message, StringComparison.Ordinal);
    }
}
