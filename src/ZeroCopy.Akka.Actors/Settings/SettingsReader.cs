using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using ZeroCopy.Clocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Settings;

/// <summary>Reads values of one section and notes what is wrong with them, so that all problems are reported at once.</summary>
/// <param name="config">The section.</param>
/// <param name="reference">The same section in <c>reference.conf</c>.</param>
/// <param name="path">Its path.</param>
/// <param name="problems">What is wrong so far.</param>
/// <param name="own">The section without the defaults that it is laid over; null where there are none.</param>
internal sealed class SettingsReader(
    Config config, Config reference, string path, ImmutableArray<string>.Builder problems, Config? own = null)
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
        let own = new Config(new HoconRoot(item.Value))
        let laid = own.WithFallback(defaults.Values)
        select (item.Key, new SettingsReader(laid, defaults.Reference, $"{path}.{item.Key}", problems, own));

    /// <summary>
    /// Notes a section with keys of its own that nothing switches on: who means to keep them for later says <c>enabled = off</c>.
    /// </summary>
    /// <param name="key">The section.</param>
    /// <param name="isOn">Whether it is on, by itself or by the defaults.</param>
    public void RequireSwitch(string key, bool isOn)
    {
        if (!isOn && own is not null && own.HasPath(key) && own.GetValue(key).IsObject()
            && own.GetValue(key).GetObject().Items.Count > 0 && !own.HasPath($"{key}.enabled"))
        {
            problems.Add($"{path}.{key}.enabled is not set but must be on, or off, where {key} has other keys");
        }
    }

    /// <summary>The values of a section whose keys are the user's, by key.</summary>
    public IEnumerable<(string Name, string Text)> All() =>
        from item in config.Root.GetObject().Items
        orderby item.Key
        select (item.Key, item.Value.IsObject() ? "" : item.Value.GetString() ?? "");

    // What is null in HOCON is as if it were empty.
    public string Text(string key) => config.GetString(key, "") ?? "";

    public ImmutableArray<string> Texts(string key)
    {
        // An empty list is a list to its parts only; blanks behind one are a part too. What is blank or null has nothing in it.
        var value = config.GetValue(key);
        var hasLists = value.Values.Any(part => part.IsArray());
        var isList = hasLists
            ? value.Values.All(part => part.IsArray() || string.IsNullOrWhiteSpace(part.GetString()))
            : !value.IsObject() && string.IsNullOrWhiteSpace(Text(key));
        var texts = isList && hasLists ? config.GetStringList(key) : [];
        // A list or an object within the list is no text, and null here.
        if (!isList || texts.Any(string.IsNullOrEmpty))
        {
            Problem(key, value.ToString(), "a list of texts such as [\"one\", \"two\"]");
        }

        return [.. texts.OfType<string>()];
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

    /// <summary>Whole numbers above zero, each larger than the one before; empty where the key is missing.</summary>
    public ImmutableArray<int> Numbers(string key)
    {
        var texts = Has(key) ? Texts(key) : [];
        var numbers = texts.Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .ToImmutableArray();
        if (numbers.Prepend(0).Zip(numbers).Any(pair => pair.Second <= pair.First))
        {
            Problem(key, string.Join(", ", texts), "whole numbers above zero in ascending order, such as [16, 32, 64]");
        }

        return numbers;
    }

    /// <summary>Numbers with names, each as <c>NAME=NUMBER</c>; empty where the key is missing.</summary>
    public ImmutableSortedDictionary<string, double> NumbersByName(string key)
    {
        var numbers = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (var text in Has(key) ? Texts(key) : [])
        {
            var split = text.LastIndexOf('=');
            if (split < 1 || !double.TryParse(text.AsSpan(split + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                || !numbers.TryAdd(text[..split].Trim(), number))
            {
                Problem(key, text, "NAME=NUMBER, each name once, such as [\"input_ids=0\"]");
                // So that nobody takes the key for empty.
                numbers[text] = 0;
            }
        }

        return numbers.ToImmutable();
    }

    /// <summary>Null for <c>off</c>.</summary>
    public int? OptionalPort(string key)
    {
        var text = Text(key);
        if (text == "off")
        {
            return null;
        }

        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return port;
        }

        Problem(key, text, $"a whole number from 0 to {ushort.MaxValue}, or off");
        return null;
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

    public long Bytes(string key, long min, long max = long.MaxValue)
    {
        var value = Read(() => config.GetByteSize(key)) ?? -1;
        if (value >= min && value <= max)
        {
            return value;
        }

        Problem(
            key,
            Text(key),
            max < long.MaxValue ? $"a number of bytes such as 64m, at most {max}"
                : min == 0 ? "a number of bytes such as 8g, or 0"
                : "a number of bytes such as 8g");
        return min;
    }

    /// <summary>The name or address of a host, which is not looked up here; empty where it is none.</summary>
    public string Host(string key)
    {
        var text = Text(key);
        if (Uri.CheckHostName(text) != UriHostNameType.Unknown)
        {
            return text;
        }

        Problem(key, text, "the name or address of a host");
        return "";
    }

    /// <summary>Addresses of nodes, as they are written.</summary>
    public ImmutableArray<string> Nodes(string key)
    {
        var texts = Texts(key);
        foreach (var text in texts.Where(text => text.Length > 0 && !NodeAddress.TryParse(text, false, out _)))
        {
            Problem(key, text, $"a list of addresses of nodes, each {NodeAddress.Forms}");
        }

        return texts;
    }

    /// <summary>An address of HTTP; null where it is empty.</summary>
    public Uri? OptionalUrl(string key)
    {
        var text = Text(key);
        if (text.Length == 0)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        Problem(key, text, "an address such as http://collector:4317, or empty");
        return null;
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

    public ModelName Model(string key)
    {
        if (!ModelName.TryParse(Text(key), out var model))
        {
            Problem(key, Text(key), "NAME or NAME@VERSION of a model, such as bert or bert@3");
        }

        return model;
    }

    /// <summary>A device by its name in PyTorch.</summary>
    public string Device(string key)
    {
        var text = Text(key);
        var split = text.IndexOf(':', StringComparison.Ordinal);
        if ((split < 0 ? text : text[..split]) is not ("cpu" or "cuda" or "mps") || (split >= 0 && !ushort.TryParse(
            text.AsSpan(split + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            Problem(key, text, "cpu, cuda, cuda:N or mps");
        }

        return text;
    }

    /// <summary>One of an enumeration, whose members are written as HOCON writes names: <c>RoundRobin</c> is <c>round-robin</c>.</summary>
    public T Choice<T>(string key)
        where T : struct, Enum =>
        Choice(key, [.. Enum.GetValues<T>().Select(value => (JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()), value))]);

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

    /// <summary>Notes what is wrong with a value.</summary>
    public void Problem(string key, string value, string expected)
    {
        // A section in the place of a value is noted by KnownKeys.
        var given = config.GetValue(key);
        if (given is null || !given.IsObject())
        {
            problems.Add($"{path}.{key} is {(given is null ? "not set" : $"'{value}'")} but must be {expected}");
        }
    }
}
