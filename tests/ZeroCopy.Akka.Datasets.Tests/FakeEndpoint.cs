using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Tests;

/// <summary>A model of one method that is a function of this test.</summary>
internal sealed class FakeEndpoint(
    ImmutableArray<ValueSignature> inputs, Func<IReadOnlyList<NamedTensor>, CancellationToken, Task<ImmutableArray<NamedTensor>>> answer)
    : IModelEndpoint
{
    private int _calls;
    private int _running;
    private int _mostRunning;

    public string Name { get; init; } = "fake";

    public int? Version => 1;

    public EndpointState State => EndpointState.Ready;

    public string? LastError => null;

    public int Calls => _calls;

    /// <summary>Most calls that ran at the same time.</summary>
    public int MostRunning => _mostRunning;

    /// <summary>Twice its one input <c>x</c>, of any shape.</summary>
    public static FakeEndpoint Doubling(DType? dtype = null) => Of(inputs => Doubled(inputs[0]), new ValueSignature("x", DType: dtype));

    public static FakeEndpoint Of(Func<IReadOnlyList<NamedTensor>, NamedTensor> answer, params ValueSignature[] inputs) =>
        new([.. inputs], (tensors, _) => Task.FromResult<ImmutableArray<NamedTensor>>([answer(tensors)]));

    public static NamedTensor Doubled(NamedTensor input)
    {
        var values = input.Tensor.Values<float>().ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= 2;
        }

        return new NamedTensor("output", HostTensor.From<float>(DType.Float32, values, input.Shape.AsSpan()));
    }

    public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new ModelSignature([new MethodSignature(ModelSignature.Forward, inputs, [])]));

    public async Task<ModelAnswer> CallAsync(
        string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _calls);
        var running = Interlocked.Increment(ref _running);
        InterlockedMax(ref _mostRunning, running);
        try
        {
            return new ModelAnswer(await answer(inputs, cancellationToken));
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; seen < value; seen = target)
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
