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

    /// <summary>
    /// Leases what the instances are made of, for a holder that has rented one: the store lists it under that name until it disposes the
    /// lease. Null where nothing of a store is behind the instances, or none was made yet.
    /// </summary>
    /// <param name="holder">Whom the lease is for: a text for people.</param>
    IDisposable? Lease(string holder) => null;

    /// <summary>
    /// Bounds the threads that one operation of an instance uses when it runs on the calling thread; null: the tensor library's own number.
    /// The bound is the thread's alone, until <see cref="RestoreThreads"/>; it costs nanoseconds. A source whose instances compute on the
    /// calling thread alone ignores it.
    /// </summary>
    void BoundThreads(int? threads)
    {
    }

    /// <summary>Gives the calling thread back the number of threads that it had before it was bound; nothing where it was not.</summary>
    void RestoreThreads()
    {
    }

    /// <summary>
    /// Closes what others have left open on the calling thread, such as a dispose scope that a caller awaits in: it is not meant for who
    /// runs there next. Takes nanoseconds where nothing is open.
    /// </summary>
    void ResetThread()
    {
    }

    /// <summary>
    /// Takes references of its own to the native memory of an argument, so that a run may go on reading it when the argument's owner has
    /// freed it. A source that does not know what is in an argument cannot: its callers wait until the run has ended, also behind their
    /// deadline.
    /// </summary>
    /// <param name="argument">The argument, and afterwards the one for the run: the same, or one like it around own references.</param>
    /// <param name="retained">The references, to be disposed when the run has ended; null where the argument has no native memory.</param>
    /// <returns>False where there is something in it that cannot be held on to, and the argument stays as it is.</returns>
    bool TryRetain(ref object? argument, out IDisposable? retained)
    {
        retained = null;
        return false;
    }

    /// <summary>
    /// Whether a run failed for its argument, by what was thrown: an operator of the tensor library refused it. A source that does not know
    /// its library's errors says no.
    /// </summary>
    bool IsCausedByInput(Exception thrown) => false;

    /// <summary>
    /// Releases the native memory behind an argument that was given away or an answer that nobody wants any more, wherever it lies in
    /// tuples, collections and records. A source of objects without native memory disposes the value where it is <see cref="IDisposable"/>.
    /// </summary>
    void Release(object? value) => (value as IDisposable)?.Dispose();
}
