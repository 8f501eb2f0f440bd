using System.Collections.Immutable;
using System.Globalization;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using ZeroCopy.Clocks;

namespace ZeroCopy.Actors.Settings;

/// <summary>Reads values of one section and notes what is wrong with them, so that all problems are reported at once.</summary>
/// <param name="config">The section.</param>
/// <param name="reference">The same section in <c>reference.conf</c>.</param>
/// <param name="path">Its path.</param>
/// <param name="problems">What is wrong so far.</param>
internal sealed class SettingsReader(Config config, Config reference, string path, ImmutableArray<string>.Builder problems)
{
    private Config Values => config;

    private Config Reference => reference;

    public bool Has(string key) => config.HasPath(key);

    /// <summary>
    /// A section in this one. Where there is a value in its place, which <see cref="KnownKeys"/> notes, that of <c>reference.conf</c>.
    /// </summary>
    public SettingsReader Section(string key) => new(
        config.GetValue(key).IsObject() ? config.GetConfig(key) : reference.GetConfig(key),
        reference.GetConfig(key),
        $"{path}.{key}",
        problems);

    /// <summary>The sections in this one by name, each laid over <paramref name="defaults"/>.</summary>
    public IEnumerable<(string Name, SettingsReader Reader)> Sections(SettingsReader defaults) =>
        from item in config.Root.GetObject().Items
        where item.Value.IsObject()
        let laid = new Config(new HoconRoot(item.Value)).WithFallback(defaults.Values)
        select (item.Key, new SettingsReader(laid, defaults.Reference, $"{path}.{item.Key}", problems));

    public string Text(string key) => config.GetString(key, "");

    public ImmutableArray<string> Texts(string key)
    {
        // An empty list is a list to its parts only.
        var value = config.GetValue(key);
        var isList = value.Values.All(part => part.IsArray());
        var texts = isList ? config.GetStringList(key) : [];
        if (!isList || texts.Contains(""))
        {
            Problem(key, value.ToString(), "a list of texts such as [\"one\", \"two\"]");
        }

        return [.. texts];
    }

    public int Number(string key, int min, int max)
    {
        var text = Text(key);
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        Problem(key, text, max == int.MaxValue ? $"a whole number from {min} on" : $"a whole number from {min} to {max}");
        return min;
    }

    public double Share(string key)
    {
        var text = Text(key);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1)
        {
            return value;
        }

        Problem(key, text, "a number from 0 to 1");
        return 0;
    }

    public long Bytes(string key)
    {
        var value = Read(() => config.GetByteSize(key)) ?? -1;
        if (value >= 0)
        {
            return value;
        }

        Problem(key, Text(key), "a number of bytes such as 8g, or 0");
        return 0;
    }

    public bool Switch(string key)
    {
        var text = Text(key);
        if (text is not ("on" or "off" or "true" or "false" or "yes" or "no"))
        {
            Problem(key, text, "on or off");
        }

        return text is "on" or "true" or "yes";
    }

    public TimeSpan Duration(string key) => OptionalDuration(key) ?? Refuse(key);

    /// <summary>Null for <c>infinite</c>.</summary>
    public TimeSpan? OptionalDuration(string key)
    {
        if (Text(key) == "infinite")
        {
            return null;
        }

        return Read<TimeSpan>(() => config.GetTimeSpan(key, null, allowInfinite: false)) is { } value && Durations.IsPauseAboveZero(value)
            ? value
            : Refuse(key);
    }

    public T Choice<T>(string key, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        var text = Text(key);
        var names = new List<string>();
        foreach (var (name, value) in choices)
        {
            if (name == text)
            {
                return value;
            }

            names.Add(name);
        }

        Problem(key, text, "one of " + string.Join(", ", names));
        return choices[0].Value;
    }

    private TimeSpan Refuse(string key)
    {
        Problem(key, Text(key), $"a time {Durations.AboveZero}, such as 250ms or 30s");
        return TimeSpan.FromSeconds(1);
    }

    private static T? Read<T>(Func<T?> read)
        where T : struct
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FormatException or OverflowException or ConfigurationException or ArgumentException)
        {
            // The caller reports the text and what it may be; the parser's own message names neither.
            return null;
        }
    }

    private void Problem(string key, string value, string expected)
    {
        // A section in the place of a value is noted by KnownKeys.
        if (!config.GetValue(key).IsObject())
        {
            problems.Add($"{path}.{key} is '{value}' but must be {expected}");
        }
    }
}
