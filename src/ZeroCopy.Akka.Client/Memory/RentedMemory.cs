using System.Buffers;

namespace ZeroCopy.Client.Memory;

/// <summary>Memory of one answer, rented from the shared pool until the answer is disposed. Not thread-safe.</summary>
internal sealed class RentedMemory : IDisposable
{
    private readonly List<byte[]> _rented = [];

    /// <summary>Whether the memory has been given back.</summary>
    public bool IsReturned { get; private set; }

    /// <summary>Memory whose content is not defined yet.</summary>
    public Memory<byte> Rent(int length)
    {
        if (length == 0)
        {
            return default;
        }

        var array = ArrayPool<byte>.Shared.Rent(length);
        _rented.Add(array);
        return array.AsMemory(0, length);
    }

    /// <summary>Gives the memory back: nobody reads it any more.</summary>
    public void Dispose()
    {
        IsReturned = true;
        foreach (var array in _rented)
        {
            ArrayPool<byte>.Shared.Return(array);
        }

        _rented.Clear();
    }
}
