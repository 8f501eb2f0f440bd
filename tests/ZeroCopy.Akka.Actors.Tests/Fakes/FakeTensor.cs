namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>Stands for native memory: counts how often it was released.</summary>
internal sealed class FakeTensor(params int[] rows) : IDisposable
{
    private int _released;

    public int[] Rows { get; } = rows;

    public string Name { get; init; } = "";

    public int Released => Volatile.Read(ref _released);

    public void Dispose() => Interlocked.Increment(ref _released);
}
