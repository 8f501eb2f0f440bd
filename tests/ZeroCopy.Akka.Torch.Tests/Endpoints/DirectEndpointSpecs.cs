using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.EndpointContract;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class DirectEndpointSpecs : EndpointContractSpecs
{
    protected override Task<IModelEndpoint> OpenAsync(ModelHandle model) => Task.FromResult<IModelEndpoint>(
        new DirectEndpoint(model.ToString(), model.Name?.Version, Runtime.OpenAny(model), Runtime.BinderOf(model)));

    protected override Task CloseAsync(IModelEndpoint endpoint)
    {
        ((DirectEndpoint)endpoint).Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task DirectEndpoint_should_say_that_the_model_could_not_be_loaded_until_it_can()
    {
        var source = new Failing(new RecipeUnavailableException("nothing builds it"));
        using var endpoint = new DirectEndpoint("model", 3, source, MethodBinder.Of("model", typeof(ContractModel)));

        var error = await Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync("weight", []));

        Assert.Equal(InferenceFailure.LoadFailed, error.Failure);
        Assert.Equal((EndpointState.Failed, "nothing builds it", 3), (endpoint.State, endpoint.LastError, endpoint.Version));
        source.Error = null;
        (await endpoint.CallAsync("weight", [])).Dispose();
        Assert.Equal((EndpointState.Ready, null), (endpoint.State, endpoint.LastError));
    }

    [Fact]
    public async Task DirectEndpoint_should_say_that_its_model_was_closed()
    {
        var source = new Failing(new ObjectDisposedException("model"));
        using var endpoint = new DirectEndpoint("model", null, source, MethodBinder.Of("model", typeof(ContractModel)));

        var error = await Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync("weight", []));

        Assert.Equal(InferenceFailure.ShuttingDown, error.Failure);
    }

    [Fact]
    public async Task DirectEndpoint_should_measure_deadlines_by_its_clock()
    {
        var clock = new FakeTimeProvider();
        using var held = new HeldCall();
        using var endpoint = new DirectEndpoint("model", null, new Failing(null), MethodBinder.Of("model", typeof(ContractModel)), clock);
        NamedTensor[] inputs =
        [
            new("x", HostTensor.From<float>(DType.Float32, [1], 1)), new("number", HostTensor.From<long>(DType.Int64, [held.Number])),
        ];
        var call = endpoint.CallAsync("held", inputs, new CallOptions { Deadline = TimeSpan.FromDays(100) });
        await held.Entered.WaitAsync(Patience);

        clock.Advance(TimeSpan.FromDays(60));
        Assert.False(call.IsCompleted);
        clock.Advance(TimeSpan.FromDays(60));

        Assert.Equal(
            InferenceFailure.DeadlineExceeded, (await Assert.ThrowsAsync<InferenceException>(() => call.WaitAsync(Patience))).Failure);
    }

    /// <summary>A module, or an error instead of it.</summary>
    private sealed class Failing(Exception? error) : IInstanceSource
    {
        public Exception? Error { get; set; } = error;

        public string Name => "model";

        public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
        {
            instance = null;
            return false;
        }

        public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) => Error is null
            ? ValueTask.FromResult<IModelInstance>(new Instance()) : ValueTask.FromException<IModelInstance>(Error);
    }

    private sealed class Instance : IModelInstance
    {
        private readonly ContractModel _model = new();

        public object Target => _model;

        public object? Run(ModelFunction function, object? argument) => ModelCall.Run(function, _model, argument);

        public void Dispose() => _model.Dispose();
    }
}
