namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>A call as it reached a model. The inputs' memory is the caller's, and valid while the call runs.</summary>
public sealed record FakeCall(string Method, IReadOnlyList<NamedTensor> Inputs, CallOptions? Options, CancellationToken CancellationToken);
