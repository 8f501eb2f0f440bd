namespace ZeroCopy.Serving.Protocol;

/// <summary>What a request's parameters say; others are ignored, as the protocol leaves them to each server.</summary>
internal sealed record InferParameters
{
    /// <summary>The method to call, a parameter of ours: the protocol has models of one method. Empty for the endpoint's own.</summary>
    public string Method { get; init; } = "";

    /// <summary>Time to the answer, in microseconds on the wire; null where the endpoint's own setting counts.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Requests of one sequence go to the same actor of a pool with consistent hashing.</summary>
    public string? Sequence { get; init; }

    /// <summary>Whether outputs come as binary where they say nothing themselves.</summary>
    public bool BinaryOutput { get; init; }

    /// <summary>With what a further parameter says.</summary>
    public InferParameters With(string name, ParameterValue value, FieldPlace place) => name switch
    {
        "binary_data_output" => this with { BinaryOutput = value.Boolean(place) },
        "method" => this with { Method = value.Text(place) },
        "priority" => Ignoring(value.Identity(place)),
        "sequence_id" => this with { Sequence = SequenceOf(value, place) },
        "timeout" => this with { Timeout = TimeoutOf(value.Count(place)) },
        _ => this,
    };

    /// <summary>With a value that has to be of its kind, and changes nothing.</summary>
    private InferParameters Ignoring(ulong _) => this;

    /// <summary>Zero and the empty text mean a request on its own.</summary>
    private static string? SequenceOf(ParameterValue value, FieldPlace place) => value.IsText
        ? value.Text(place) is { Length: > 0 } text ? text : null
        : value.Identity(place) is > 0 and var number ? $"{number}" : null;

    /// <summary>Zero means none, and what is longer than a timer runs does too.</summary>
    private static TimeSpan? TimeoutOf(long microseconds) =>
        microseconds is > 0 and <= uint.MaxValue * 1000L ? TimeSpan.FromMicroseconds(microseconds) : null;
}
