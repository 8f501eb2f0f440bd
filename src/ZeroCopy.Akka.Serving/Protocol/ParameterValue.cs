namespace ZeroCopy.Serving.Protocol;

/// <summary>The value of a parameter: a string, a number, true or false. What is not of the kind that its parameter has throws.</summary>
internal readonly struct ParameterValue
{
    private readonly object? _value;
    private readonly string? _shown;

    private ParameterValue(object? value, string shown)
    {
        _value = value;
        _shown = shown;
    }

    public static ParameterValue Of(string value) => new(value, "a string");

    public static ParameterValue Of(bool value) => new(value, value ? "true" : "false");

    public static ParameterValue Of(long value) => new(value, $"{value}");

    public static ParameterValue Of(ulong value) => value <= long.MaxValue ? Of((long)value) : new(value, $"{value}");

    /// <summary>A number that is not whole, or larger than 64 bits hold.</summary>
    public static ParameterValue OfNumber(string shown) => new(null, shown);

    public bool IsText => _value is string;

    public string Text(FieldPlace place) => _value as string ?? throw Wrong(place, "a string");

    public bool Boolean(FieldPlace place) => _value as bool? ?? throw Wrong(place, "true or false");

    /// <summary>A whole number that is not negative.</summary>
    public long Count(FieldPlace place) =>
        _value is long count and >= 0 ? count : throw Wrong(place, JsonCursor.CountExpected);

    /// <summary>A whole number that names something.</summary>
    public ulong Identity(FieldPlace place) => _value switch
    {
        ulong identity => identity,
        long identity and >= 0 => (ulong)identity,
        _ => throw Wrong(place, $"a whole number from 0 to {ulong.MaxValue}"),
    };

    private RequestException Wrong(FieldPlace place, string expected) => new($"{place} is {_shown} but must be {expected}.");
}
