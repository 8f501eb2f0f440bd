using System.Diagnostics;

namespace ZeroCopy.Memory;

/// <summary>A range of memory that <see cref="MappingRegistry"/> knows. Counted: born with one reference, freed with the last.</summary>
internal abstract class MemoryRegion
{
    private int _references = 1;

    /// <summary>The address of the first byte.</summary>
    public abstract nint Base { get; }

    /// <summary>Bytes from there on.</summary>
    public abstract long Length { get; }

    public bool Contains(nint address) => address >= Base && address - Base < Length;

    /// <summary>Adds a reference; false where the last one is gone already.</summary>
    public bool TryRetain()
    {
        for (var seen = Volatile.Read(ref _references); seen > 0; seen = Volatile.Read(ref _references))
        {
            if (Interlocked.CompareExchange(ref _references, seen + 1, seen) == seen)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a reference away; true for the last one, whose caller frees.</summary>
    public bool Release()
    {
        var left = Interlocked.Decrement(ref _references);
        Debug.Assert(left >= 0, "Memory was released more often than retained.");
        return left == 0;
    }

    /// <summary>Gives the memory back to the system.</summary>
    public abstract void Free();
}
