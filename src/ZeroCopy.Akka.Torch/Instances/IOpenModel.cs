namespace ZeroCopy.Torch.Instances;

/// <summary>A model that this process has open, of whatever kind.</summary>
internal interface IOpenModel : IDisposable
{
    /// <summary>Whether it was disposed: nothing can be rented from it any more.</summary>
    bool IsClosed { get; }
}
