using System.Buffers;

namespace ZeroCopy.Serving.Protocol;

/// <summary>The memory of a request's tensors, rented or shared until the call has ended. Not thread-safe.</summary>
internal sealed class RequestMemory : IDisposable
{
    private readonly List<byte[]> _rented = [];
    private readonly List<Action> _held = [];

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

    /// <summary>Larger memory in place of what was rented last, with its content.</summary>
    public Memory<byte> Grow(Memory<byte> last, int length)
    {
        var array = ArrayPool<byte>.Shared.Rent(length);
        last.CopyTo(array);
        ArrayPool<byte>.Shared.Return(_rented[^1]);
        _rented[^1] = array;
        return array.AsMemory(0, length);
    }

    /// <summary>Lets go of shared memory, or of what else the request has until then.</summary>
    public void Hold(Action release) => _held.Add(release);

    /// <summary>Takes the memory back: nobody reads the tensors any more.</summary>
    public void Dispose()
    {
        foreach (var array in _rented)
        {
            ArrayPool<byte>.Shared.Return(array);
        }

        foreach (var release in _held)
        {
            release();
        }

        _rented.Clear();
        _held.Clear();
    }
}
