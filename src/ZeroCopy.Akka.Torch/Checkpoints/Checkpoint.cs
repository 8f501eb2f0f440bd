using ZeroCopy.Content;

namespace ZeroCopy.Torch.Checkpoints;

/// <summary>An open model file as a put wants it. Holds the files open until it is disposed.</summary>
internal sealed class Checkpoint(ModelContent content, params IDisposable[] files) : IDisposable
{
    public ModelContent Content { get; } = content;

    /// <summary>Opens with files that are closed again when it fails.</summary>
    public static Checkpoint Open(Func<List<IDisposable>, ModelContent> open)
    {
        var files = new List<IDisposable>();
        try
        {
            return new Checkpoint(open(files), [.. files]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
