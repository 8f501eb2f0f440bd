using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroCopy.Datasets.Formats.ParquetFiles;

/// <summary>Bytes as values of a type, for libraries that take memory of values.</summary>
internal sealed class BytesAs<T>(Memory<byte> bytes) : MemoryManager<T>
    where T : unmanaged
{
    /// <summary>The bytes as memory of values.</summary>
    public static Memory<T> Of(Memory<byte> bytes) => new BytesAs<T>(bytes).Memory;

    /// <summary>The bytes as memory of values that nobody writes to.</summary>
    public static ReadOnlyMemory<T> Of(ReadOnlyMemory<byte> bytes) => Of(MemoryMarshal.AsMemory(bytes));

    public override Span<T> GetSpan() => MemoryMarshal.Cast<byte, T>(bytes.Span);

    public override MemoryHandle Pin(int elementIndex = 0) =>
        elementIndex == 0 ? bytes.Pin() : bytes[(elementIndex * Unsafe.SizeOf<T>())..].Pin();

    public override void Unpin()
    {
        // Pin's handle belongs to the bytes.
    }

    protected override void Dispose(bool disposing)
    {
        // The bytes are the collector's.
    }
}
