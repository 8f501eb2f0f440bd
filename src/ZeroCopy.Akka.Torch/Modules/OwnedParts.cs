using System.Runtime.CompilerServices;

namespace ZeroCopy.Torch.Modules;

/// <summary>
/// What was made for a module or object graph and has to be disposed with it: a clone's native parts, which the clone itself does not list.
/// Entries go with their owner. Thread-safe.
/// </summary>
internal static class OwnedParts
{
    private static readonly ConditionalWeakTable<object, List<IDisposable>> Known = [];

    /// <summary>Notes the parts of an object.</summary>
    public static void Add(object owner, List<IDisposable> parts) => Known.AddOrUpdate(owner, parts);

    /// <summary>The parts of an object, once: the caller disposes them. None for an object that is no clone.</summary>
    public static IReadOnlyList<IDisposable> Take(object owner) => Known.Remove(owner, out var parts) ? parts : [];

    /// <summary>Disposes the parts of an object. Idempotent.</summary>
    public static void Dispose(object owner)
    {
        foreach (var part in Take(owner))
        {
            part.Dispose();
        }
    }
}
