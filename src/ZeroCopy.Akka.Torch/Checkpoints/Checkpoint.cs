using ZeroCopy.Store;

namespace ZeroCopy.Torch.Checkpoints;

/// <summary>An open model file as a put wants it. Holds the files open until it is disposed.</summary>
internal sealed class Checkpoint(ModelContent content, params IDisposable[] files) : IDisposable
{
    public ModelContent Content { get; } = content;

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
