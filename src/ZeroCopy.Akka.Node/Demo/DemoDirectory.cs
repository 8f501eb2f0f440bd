using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Node.Demo;

/// <summary>
/// Where the demo works: files of its own, and a store, of its own too unless one was given. What is its own goes when it ends.
/// </summary>
internal sealed class DemoDirectory(string? store) : IDisposable
{
    /// <summary>BERT-base in the store and as a file, the digits, and room to breathe.</summary>
    private const long NeededBytes = 1100L << 20;

    private readonly ScratchDirectory _own = new("demo", NeededBytes);

    /// <summary>The store's directory.</summary>
    public string Store => store ?? File("store");

    public string File(string name) => _own.Path(name);

    public void Dispose() => _own.Dispose();
}
