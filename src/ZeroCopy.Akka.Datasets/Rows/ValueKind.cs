namespace ZeroCopy.Datasets.Rows;

/// <summary>What values are that files have types of their own for, and models do not take.</summary>
internal enum ValueKind
{
    /// <summary>A day: days since 1970, or as many milliseconds.</summary>
    Date,
    /// <summary>A time of the day, since midnight.</summary>
    Time,
    /// <summary>A point in time, since 1970.</summary>
    Timestamp,
    /// <summary>A decimal number, in units of its last digit.</summary>
    Decimal,
}
