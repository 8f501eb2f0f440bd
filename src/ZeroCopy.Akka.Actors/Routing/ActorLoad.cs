using System.Runtime.InteropServices;

namespace ZeroCopy.Actors.Routing;

/// <summary>The calls and joined calls that an actor was given and has not ended. Thread-safe.</summary>
/// <remarks>
/// Alone in its part of the processors' caches: callers on all processors read it while the actor's own changes it, and nothing that lies beside it is
/// to wait for that.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 2 * Apart)]
internal sealed class ActorLoad
{
    // Two lines: processors fetch them in pairs.
    private const int Apart = 128;

    [FieldOffset(Apart)]
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>A message is given to the actor.</summary>
    public void Add() => Interlocked.Increment(ref _count);

    /// <summary>The actor has done with a message: it ran it, or gave it to another one.</summary>
    public void End() => Interlocked.Decrement(ref _count);
}
