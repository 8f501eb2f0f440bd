using System.Buffers.Binary;
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
    private const long DaySeconds = 24 * 60 * 60;
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;
    private static readonly string[] Units = ["s", "ms", "us", "ns"];
    private static readonly string[] Fractions = ["", "D3", "D6", "D9"];

    /// <summary>What values that have texts are within, in words.</summary>
    public string Range => Kind == ValueKind.Time ? "the 24 hours of a day" : "the years 1 to 9999";

    /// <summary>What a second is in a file that counts in <see cref="Digits"/> of it.</summary>
    public long Unit => Digits switch { 0 => 1, 3 => 1_000, 6 => 1_000_000, _ => 1_000_000_000 };

    private bool IsInDays => Kind == ValueKind.Date && Digits == 0;

    /// <summary>The text of a value; empty where there is none, such as a date behind the year 9999.</summary>
    public byte[] Format(ReadOnlySpan<byte> value)
    {
        if (Kind == ValueKind.Decimal)
        {
            return Encoding.ASCII.GetBytes(Decimal(new BigInteger(value)));
        }

        var number = Bytes == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(value) : BinaryPrimitives.ReadInt64LittleEndian(value);
        var (seconds, rest) = IsInDays ? (number * DaySeconds, 0) : Math.DivRem(number, Unit);
        // Before the epoch, too, a part of a second comes behind it.
        (seconds, rest) = rest < 0 ? (seconds - 1, rest + Unit) : (seconds, rest);
        var (least, most) = Kind == ValueKind.Time ? (0, DaySeconds - 1) : (FirstSecond, LastSecond);
        if (seconds < least || seconds > most)
        {
            return [];
        }

        Span<byte> text = stackalloc byte["9999-12-31T23:59:59.999999999Z".Length];
        var form = Kind switch { ValueKind.Date => "yyyy-MM-dd", ValueKind.Time => "HH:mm:ss", _ => "s" };
        _ = DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond)
            .TryFormat(text, out var length, form, CultureInfo.InvariantCulture);
        if (Kind == ValueKind.Date)
        {
            return text[..length].ToArray();
        }

        if (rest > 0)
        {
            text[length++] = (byte)'.';
            _ = rest.TryFormat(text[length..], out var digits, Fractions[Digits / 3], CultureInfo.InvariantCulture);
            length += digits;
        }

        if (Zone is not null)
        {
            text[length++] = (byte)'Z';
        }

        return text[..length].ToArray();
    }

    /// <summary>The whole number of a text that <see cref="Format"/> has made of a decimal.</summary>
    public BigInteger ParseDecimal(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.ASCII.GetString(bytes);
        var number = BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return Digits < 0 ? number / BigInteger.Pow(10, -Digits) : number;
    }

    /// <summary>The whole number of a text that <see cref="Format"/> has made of a date, a time or a point in time.</summary>
    public long ParseTime(ReadOnlySpan<byte> text)
    {
        var days = 0L;
        if (Kind != ValueKind.Time)
        {
            var date = new DateTime(Number(text[..4]), Number(text[5..7]), Number(text[8..10]), 0, 0, 0, DateTimeKind.Utc);
            days = (date - DateTime.UnixEpoch).Days;
            text = text[10..].TrimStart((byte)'T');
        }

        if (IsInDays)
        {
            return days;
        }

        var seconds = days * DaySeconds;
        var rest = 0;
        if (!text.IsEmpty)
        {
            seconds += (((Number(text[..2]) * 60) + Number(text[3..5])) * 60) + Number(text[6..8]);
            rest = text.Length > 8 && text[8] == '.' ? Number(text.Slice(9, Digits)) : 0;
        }

        // The sum is what was written, also where the product alone goes beyond it: seconds before the epoch are rounded down.
        return unchecked((seconds * Unit) + rest);
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

    private static int Number(ReadOnlySpan<byte> digits) => int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}
