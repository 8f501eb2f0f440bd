using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A model whose answers a test gives.</summary>
public sealed class FakeEndpoint(string name, Func<FakeCall, Task<ModelAnswer>> answer) : IModelEndpoint
{
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A model that answers with one tensor called <c>output</c>, or other outputs.</summary>
    public FakeEndpoint(string name, Func<FakeCall, ModelAnswer> answer)
        : this(name, call => Task.FromResult(answer(call)))
    {
    }

    /// <summary>Answers with its input <c>x</c>, or its first one, as <c>output</c>.</summary>
    public static FakeEndpoint Identity(string name = "identity") =>
        new(name, call => new ModelAnswer([call.Inputs[0] with { Name = "output" }]));

    /// <summary>Answers with an error.</summary>
    public static Func<FakeCall, Task<ModelAnswer>> Fail(Exception error) => _ => Task.FromException<ModelAnswer>(error);

    public string Name { get; } = name;

    public int? Version { get; init; } = 1;

    public EndpointState State { get; set; } = EndpointState.Ready;

    public string? LastError { get; set; }

    public ModelSignature Signature { get; init; } = new([]);

    /// <summary>The last call, without its inputs' elements.</summary>
    public FakeCall? Last { get; private set; }

    public int Calls { get; private set; }

    /// <summary>Ends with the first call's beginning.</summary>
    public Task Called => _called.Task;

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => Task.FromResult(Signature);

    public Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        Last = new FakeCall(method, inputs, options, cancellationToken);
        Calls++;
        _called.TrySetResult();
        return answer(Last);
    }
}
