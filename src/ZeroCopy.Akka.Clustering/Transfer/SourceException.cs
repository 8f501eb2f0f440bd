namespace ZeroCopy.Clustering.Transfer;

/// <summary>A request to a source failed, and nothing of ours did.</summary>
/// <param name="message">What the source did, to stand behind its name.</param>
/// <param name="isFinal">Whether asking again is of no use.</param>
/// <param name="isBusy">Whether it only sends to too many others.</param>
/// <param name="inner">What was thrown.</param>
internal sealed class SourceException(string message, bool isFinal = false, bool isBusy = false, Exception? inner = null)
    : Exception(message, inner)
{
    public bool IsBusy { get; } = isBusy;

    public bool IsFinal { get; } = isFinal;
}
