using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Tests.Script;

namespace ZeroCopy.Torch.Tests.Native;

/// <summary>What libtorch really says, in calls of scripts and of modules: its words are all that is left of its errors.</summary>
public sealed class LibTorchErrorSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("return torch.add(x, torch.ones([5]))", true)]
    [InlineData("return torch.matmul(x, torch.ones([7, 2]))", true)]
    [InlineData("return torch.select(x, 0, 99)", true)]
    [InlineData("return torch.embedding(x, torch.tensor([99]))", true)]
    [InlineData("return torch.embedding(x, x)", true)]
    [InlineData("return torch.empty([1152921504606846])", false)]
    [InlineData("ops.prim.RaiseException(\"The size of tensor a does not fit\")\n    return x", false)]
    [InlineData("ops.prim.RaiseException(\"AssertionError: \", \"builtins.AssertionError\")\n    return x", false)]
    public async Task LibTorchError_should_tell_what_a_script_raised_from_what_its_operators_refused(string body, bool isRefusal)
    {
        var path = _directory.File("script.pt");
        ScriptText.Save(path, $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    {body}");
        using var fixture = new ScriptFixture(path);
        using var model = fixture.Open();
        using var instance = await model.RentAsync();
        using var input = torch.ones(3, 3);

        var error = Assert.Throws<InferenceException>(() => ScriptFixture.Call(instance, "forward", input));

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.True(error.CausedByInput == isRefusal, error.ToString());
    }

    [Fact]
    public void LibTorchError_should_be_a_refusal_where_operators_of_a_module_say_so()
    {
        using var scope = torch.NewDisposeScope();

        Assert.True(LibTorchError.IsRefusal(Thrown(() => torch.ones(2) + torch.ones(3))));
        Assert.True(LibTorchError.IsRefusal(Thrown(() => torch.ones(2, 3).matmul(torch.ones(2, 3)))));
        Assert.True(LibTorchError.IsRefusal(Thrown(() => torch.nn.functional.one_hot(torch.tensor(new long[] { 5 }), 2))));
        Assert.False(LibTorchError.IsRefusal(Thrown(() => torch.empty(1L << 50))));
        Assert.False(LibTorchError.IsRefusal(new InvalidOperationException("The size of tensor a does not fit")));
    }

    [Theory]
    [InlineData("CUDA error: device-side assert triggered")]
    [InlineData("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`")]
    [InlineData("CUDA driver error: unknown error")]
    [InlineData("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")]
    [InlineData("cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR, when calling `cusolverDnCreate(handle)`")]
    [InlineData("CUDA out of memory. Tried to allocate 20.00 MiB.")]
    [InlineData("DefaultCPUAllocator: not enough memory: you tried to allocate 80 bytes.")]
    [InlineData("std::bad_alloc")]
    public void LibTorchError_should_be_no_refusal_where_the_machine_failed(string text) =>
        Assert.False(LibTorchError.IsRefusal(new ExternalException(text)));

    private static ExternalException Thrown(Func<torch.Tensor> act) => Assert.Throws<ExternalException>(() => act());
}
