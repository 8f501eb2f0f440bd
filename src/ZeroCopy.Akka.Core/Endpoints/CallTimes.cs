namespace ZeroCopy.Endpoints;

/// <summary>Where the time of a call went.</summary>
/// <param name="Queue">
/// From the call to the model's beginning, the wait for others of its batch included; zero where it is not known.
/// </param>
/// <param name="Compute">
/// The model's own time, that of the whole batch where the call was joined with others; zero where it is not known.
/// </param>
public readonly record struct CallTimes(TimeSpan Queue, TimeSpan Compute)
{
    /// <summary>Calls that the model answered together, this one among them; 0 where it was alone, or where it is not known.</summary>
    public int Joined { get; init; }
}
