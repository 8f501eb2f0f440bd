using System.Diagnostics.CodeAnalysis;

namespace ZeroCopy.Runtime;

/// <summary>
/// Where actors get instances of one model: the seam between actors and the tensor library. Thread-safe.
/// </summary>
public interface IInstanceSource
{
    /// <summary>The model's name for logs and error messages.</summary>
    string Name { get; }

    /// <summary>A warm instance at once, in microseconds; false where one has to be built first.</summary>
    bool TryRent([NotNullWhen(true)] out IModelInstance? instance);

    /// <summary>An instance; builds one where no warm one waits.</summary>
    /// <exception cref="ZeroCopy.Errors.ZeroCopyException">The model is gone, cannot be built here, or does not fit its module.</exception>
    ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default);
}
