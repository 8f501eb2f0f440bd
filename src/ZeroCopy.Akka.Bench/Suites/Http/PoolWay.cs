using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Bench.Suites.Http;

/// <summary>A direct call of the pool with rows for <c>small</c>.</summary>
internal sealed class PoolWay : CallWay
{
    private readonly IModelEndpoint _pool;
    private readonly NamedTensor[] _inputs;

    public PoolWay(IModelEndpoint pool, int rows)
    {
        _pool = pool;
        Shape = [rows, 128];
        Values = new float[rows * 128];
        _inputs = [new NamedTensor("input", HostTensor.From<float>(DType.Float32, Values, Shape))];
    }

    public override string Name => "direct pool call";

    public float[] Values { get; }

    public long[] Shape { get; }

    public override async Task CallAsync(CancellationToken cancellationToken) =>
        (await _pool.CallAsync("", _inputs, cancellationToken: cancellationToken).ConfigureAwait(false)).Dispose();
}
