using System.Globalization;
using System.Numerics;
using System.Text;

namespace ZeroCopy.Datasets.Rows;

/// <summary>
/// What the texts of a column stand for that a file has as a type of its own: a date, a time, a point in time or a decimal. Such values go
/// from file to file alone, as texts by ISO 8601 and of decimal digits. Immutable.
/// </summary>
/// <param name="Kind">What they are.</param>
/// <param name="Bytes">Bytes of a value in the file: a whole number, little-endian.</param>
/// <param name="Digits">Decimal digits of a second, or behind the point, that the whole number counts in.</param>
/// <param name="Precision">Most decimal digits of a decimal.</param>
/// <param name="Zone">The time zone of points in time, which count in UTC then; null where they are of the place alone.</param>
internal sealed record ValueMeaning(ValueKind Kind, int Bytes, int Digits = 0, int Precision = 0, string? Zone = null)
{
    private const string SecondForm = "yyyy-MM-dd'T'HH:mm:ss";
    private const long DaySeconds = 24 * 60 * 60;
    private static readonly string[] Units = ["s", "ms", "us", "ns"];

    /// <summary>What values that have texts are within, in words.</summary>
    public string Range => Kind == ValueKind.Time ? "the 24 hours of a day" : "the years 1 to 9999";

    /// <summary>The text of a value; empty where there is none, such as a date behind the year 9999.</summary>
    public byte[] Format(ReadOnlySpan<byte> value)
    {
        var number = new BigInteger(value);
        if (Kind == ValueKind.Decimal)
        {
            return Encoding.ASCII.GetBytes(Decimal(number));
        }

        var unit = BigInteger.Pow(10, Digits);
        var seconds = Kind == ValueKind.Date && Digits == 0 ? number * DaySeconds : Floor(number, unit);
        var least = Kind == ValueKind.Time ? 0 : (DateTime.MinValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
        var most = Kind == ValueKind.Time ? DaySeconds - 1 : (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
        if (seconds < least || seconds > most)
        {
            return [];
        }

        var moment = DateTime.UnixEpoch.AddTicks((long)seconds * TimeSpan.TicksPerSecond);
        if (Kind == ValueKind.Date)
        {
            return Encoding.ASCII.GetBytes(moment.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        }

        var rest = number - (seconds * unit);
        var text = moment.ToString(Kind == ValueKind.Time ? "HH:mm:ss" : SecondForm, CultureInfo.InvariantCulture)
            + (rest.IsZero ? "" : "." + rest.ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0'))
            + (Zone is null ? "" : "Z");
        return Encoding.ASCII.GetBytes(text);
    }

    /// <summary>The whole number of a text that <see cref="Format"/> has made.</summary>
    public BigInteger Parse(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.ASCII.GetString(bytes).TrimEnd('Z');
        if (Kind == ValueKind.Decimal)
        {
            var number = BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            return Digits < 0 ? number / BigInteger.Pow(10, -Digits) : number;
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var (whole, rest) = point < 0 ? (text, "") : (text[..point], text[(point + 1)..]);
        var moment = DateTime.ParseExact(
            Kind switch { ValueKind.Date => whole + "T00:00:00", ValueKind.Time => "1970-01-01T" + whole, _ => whole },
            SecondForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        BigInteger seconds = (moment - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
        return Kind == ValueKind.Date && Digits == 0
            ? seconds / DaySeconds
            : (seconds * BigInteger.Pow(10, Digits)) + (rest.Length == 0 ? 0 : BigInteger.Parse(rest, CultureInfo.InvariantCulture));
    }

    /// <summary>For example <c>timestamp[us]</c>.</summary>
    public override string ToString() => Kind switch
    {
        ValueKind.Decimal => $"decimal({Precision}, {Digits})",
        ValueKind.Date => $"date{Bytes * 8}",
        ValueKind.Time => $"time{Bytes * 8}[{Units[Digits / 3]}]",
        _ => $"timestamp[{Units[Digits / 3]}]",
    };

    // Behind the last digit of the point is nothing; in front of it at least one.
    private string Decimal(BigInteger number)
    {
        if (Digits <= 0)
        {
            return (number * BigInteger.Pow(10, -Digits)).ToString(CultureInfo.InvariantCulture);
        }

        var digits = BigInteger.Abs(number).ToString(CultureInfo.InvariantCulture).PadLeft(Digits + 1, '0');
        return $"{(number.Sign < 0 ? "-" : "")}{digits[..^Digits]}.{digits[^Digits..]}";
    }

    private static BigInteger Floor(BigInteger number, BigInteger unit)
    {
        var floor = BigInteger.DivRem(number, unit, out var rest);
        return rest.Sign < 0 ? floor - 1 : floor;
    }
}
