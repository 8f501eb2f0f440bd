using System.Runtime.InteropServices;

namespace ZeroCopy.Actors.Routing;

/// <summary>The calls and joined calls that an actor was given and has not ended. Thread-safe.</summary>
/// <remarks>
/// Alone in its part of the processors' caches: callers on all processors read it while the actor's own changes it, and nothing that lies
/// beside it is to wait for that.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 2 * Apart)]
internal sealed class ActorLoad
{
    // Two lines: processors fetch them in pairs.
    private const int Apart = 128;

    // Not out of the way for ever: where the others have more than that to do, what ails it is found out.
    private const int MostPenalty = 8;

    [FieldOffset(Apart)]
    private int _count;

    [FieldOffset(Apart + sizeof(int))]
    private int _penalty;

    public int Count => Volatile.Read(ref _count);

    /// <summary>What a router goes by: an actor that fails is done at once with each call, and would else be given all of them.</summary>
    public int Weight => Count + Volatile.Read(ref _penalty);

    /// <summary>The last calls of the actor failed, so many of them.</summary>
    public void Penalise(int failures)
    {
        if (Volatile.Read(ref _penalty) != Math.Min(failures, MostPenalty))
        {
            Volatile.Write(ref _penalty, Math.Min(failures, MostPenalty));
        }
    }

    /// <summary>A message is given to the actor.</summary>
    public void Add() => Interlocked.Increment(ref _count);

    /// <summary>The actor has done with a message: it ran it, or gave it to another one.</summary>
    public void End() => Interlocked.Decrement(ref _count);
}
