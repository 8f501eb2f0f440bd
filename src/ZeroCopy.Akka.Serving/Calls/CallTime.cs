namespace ZeroCopy.Serving.Calls;

/// <summary>A number of calls, and the time that a part of each took together.</summary>
internal readonly record struct CallTime(long Count, TimeSpan Time)
{
    public long Nanoseconds => (long)Time.TotalNanoseconds;
}
