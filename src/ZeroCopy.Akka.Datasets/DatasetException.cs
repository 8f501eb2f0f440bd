using ZeroCopy.Errors;

namespace ZeroCopy.Datasets;

/// <summary>A dataset cannot be read, bound to a model or written; the message names the file or option, the reason and what to
/// do.</summary>
public sealed class DatasetException(string message, Exception? inner = null) : ZeroCopyException(message, inner)
{
    /// <summary>About a file.</summary>
    internal static DatasetException At(string path, string reason, Exception? inner = null) => new($"'{path}': {reason}", inner);
}
