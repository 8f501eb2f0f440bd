namespace ZeroCopy.Torch.Running;

/// <summary>Idle skeletons of one model: bounded, lock-free, allocates nothing.</summary>
internal sealed class SkeletonPool(int capacity)
{
    private readonly object?[] _idle = new object?[capacity];

    /// <summary>An idle skeleton, or null.</summary>
    public object? Take()
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Volatile.Read(ref _idle[i]) is not null && Interlocked.Exchange(ref _idle[i], null) is { } skeleton)
            {
                return skeleton;
            }
        }

        return null;
    }

    /// <summary>Puts a skeleton back; false where all places are taken.</summary>
    public bool TryPut(object skeleton)
    {
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Volatile.Read(ref _idle[i]) is null && Interlocked.CompareExchange(ref _idle[i], skeleton, null) is null)
            {
                return true;
            }
        }

        return false;
    }
}
