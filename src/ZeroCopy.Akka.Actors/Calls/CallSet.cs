using System.Numerics;

namespace ZeroCopy.Actors.Calls;

/// <summary>
/// Calls that can all be found when it comes to an end: once closed, the set takes no more. Divided, so that processors which take calls in do not wait for
/// each other; a call stays in the part of the one that took it. Thread-safe.
/// </summary>
internal sealed class CallSet
{
    // Lists through the calls themselves: a set that hashes takes longer for a call, a concurrent one allocates for it too.
    private readonly Part[] _parts;

    public CallSet()
    {
        _parts = new Part[BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
        for (var i = 0; i < _parts.Length; i++)
        {
            _parts[i] = new Part();
        }
    }

    /// <summary>Adds a call that is in no set, and never was; false where the set is closed.</summary>
    public bool TryAdd(InferenceCall call) => _parts[Thread.GetCurrentProcessorId() & (_parts.Length - 1)].TryAdd(call);

    /// <summary>Whether the call was there.</summary>
    public static bool Remove(InferenceCall call) => call.Place.Part?.Remove(call) ?? false;

    /// <summary>Takes no more calls. Those that were added before are there when this has returned.</summary>
    public void Close()
    {
        foreach (var part in _parts)
        {
            part.Close();
        }
    }

    /// <summary>The calls that are there.</summary>
    public List<InferenceCall> ToList()
    {
        List<InferenceCall> calls = [];
        foreach (var part in _parts)
        {
            part.CopyTo(calls);
        }

        return calls;
    }

    /// <summary>Where a call is: in no part before it is added and once it is removed. Changes only under its part's lock.</summary>
    internal struct CallPlace
    {
        internal Part? Part;
        internal InferenceCall? Before;
        internal InferenceCall? Behind;
    }

    internal sealed class Part
    {
        private readonly Lock _lock = new();
        private InferenceCall? _first;
        private bool _closed;

        public bool TryAdd(InferenceCall call)
        {
            lock (_lock)
            {
                if (_closed)
                {
                    return false;
                }

                call.Place = new CallPlace { Part = this, Behind = _first };
                if (_first is not null)
                {
                    _first.Place.Before = call;
                }

                _first = call;
                return true;
            }
        }

        public void Close()
        {
            lock (_lock)
            {
                _closed = true;
            }
        }

        public bool Remove(InferenceCall call)
        {
            lock (_lock)
            {
                ref var place = ref call.Place;
                if (place.Part != this)
                {
                    // Removed since it was looked for here.
                    return false;
                }

                if (place.Before is { } before)
                {
                    before.Place.Behind = place.Behind;
                }
                else
                {
                    _first = place.Behind;
                }

                if (place.Behind is { } behind)
                {
                    behind.Place.Before = place.Before;
                }

                // An answered call that somebody holds must not hold others.
                place = default;
                return true;
            }
        }

        public void CopyTo(List<InferenceCall> calls)
        {
            lock (_lock)
            {
                for (var call = _first; call is not null; call = call.Place.Behind)
                {
                    calls.Add(call);
                }
            }
        }
    }
}
