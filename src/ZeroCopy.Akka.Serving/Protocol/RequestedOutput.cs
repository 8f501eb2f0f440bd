namespace ZeroCopy.Serving.Protocol;

/// <summary>An output that a request asks for.</summary>
/// <param name="Name">Its name.</param>
internal sealed record RequestedOutput(string Name)
{
    /// <summary>Whether its elements come as binary; null where the request's own parameter says.</summary>
    public bool? Binary { get; init; }

    /// <summary>Where in shared memory it goes; null where it goes with the answer.</summary>
    public RegionUse? Region { get; init; }

    /// <summary>The memory of <see cref="Region"/>, while the call runs.</summary>
    public Memory<byte> Target { get; init; }

    /// <summary>With what a parameter says; others are ignored.</summary>
    public RequestedOutput With(string name, ParameterValue value, FieldPlace place) => name switch
    {
        "binary_data" => this with { Binary = value.Boolean(place) },
        "classification" when value.Count(place) > 0 =>
            throw new RequestException($"{place} is not supported: outputs are sent as they are."),
        _ => this,
    };
}
