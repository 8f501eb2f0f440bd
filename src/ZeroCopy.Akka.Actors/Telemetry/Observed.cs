using System.Collections;
using System.Collections.Immutable;

namespace ZeroCopy.Actors.Telemetry;

/// <summary>What is looked at when somebody measures, until what <see cref="Add"/> returned for it is disposed. Thread-safe.</summary>
internal sealed class Observed<T> : IEnumerable<T>
{
    private ImmutableList<Entry> _entries = [];

    /// <summary>Has it measured until the result is disposed. One that was added twice is there twice.</summary>
    public IDisposable Add(T value)
    {
        var entry = new Entry(this, value);
        ImmutableInterlocked.Update(ref _entries, static (entries, added) => entries.Add(added), entry);
        return entry;
    }

    public IEnumerator<T> GetEnumerator() => Volatile.Read(ref _entries).Select(entry => entry.Value).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private sealed class Entry(Observed<T> all, T value) : IDisposable
    {
        public T Value => value;

        public void Dispose() => ImmutableInterlocked.Update(ref all._entries, static (entries, gone) => entries.Remove(gone), this);
    }
}
