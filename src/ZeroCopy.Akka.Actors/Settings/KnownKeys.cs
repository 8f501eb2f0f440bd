using System.Collections.Immutable;
using Akka.Configuration.Hocon;

namespace ZeroCopy.Actors.Settings;

/// <summary>
/// The keys that <c>reference.conf</c> has under <c>zerocopy</c>: a key that is not among them changes nothing, so it is refused.
/// </summary>
internal sealed class KnownKeys
{
    private static readonly KnownKeys Anything = new(ImmutableSortedDictionary<string, KnownKeys?>.Empty);

    private readonly ImmutableSortedDictionary<string, KnownKeys?> _keys;
    private readonly KnownKeys? _each;

    /// <param name="keys">The keys of a section; null behind those of a value.</param>
    /// <param name="each">What stands behind every key, where their names are the user's.</param>
    private KnownKeys(ImmutableSortedDictionary<string, KnownKeys?> keys, KnownKeys? each = null)
    {
        _keys = keys;
        _each = each;
    }

    /// <summary>Those of the whole section <c>zerocopy</c>.</summary>
    public static KnownKeys All { get; } = Build();

    /// <summary>
    /// Notes every key that does not exist, with the one that is probably meant, and every value in the place of a section or the reverse.
    /// </summary>
    public void Check(HoconValue given, string path, ImmutableArray<string>.Builder problems)
    {
        if (this == Anything)
        {
            return;
        }

        foreach (var (key, value) in given.GetObject().Items)
        {
            var here = $"{path}.{(key.Contains('.', StringComparison.Ordinal) ? $"\"{key}\"" : key)}";
            if (!_keys.TryGetValue(key, out var inside) && (inside = _each) is null)
            {
                problems.Add($"{here} is no setting: {Hint(key, path)}");
            }
            else if (value.IsObject() != inside is not null)
            {
                problems.Add(inside is null ? $"{here} is a section but must be a value" : $"{here} is '{value}' but must be a section");
            }
            else
            {
                inside?.Check(value, here, problems);
            }
        }
    }

    private static KnownKeys Build()
    {
        var all = From(ZeroCopySettings.Reference.GetConfig("zerocopy").Root.GetObject());
        var inference = all._keys["inference"]!;
        var pool = inference._keys["pool-defaults"]!;
        // A pool may repeat what batching says for all.
        pool = pool.With("batching", new(pool._keys["batching"]!._keys.SetItems(all._keys["batching"]!._keys)));
        // What only a pool of its own can have.
        var declared = new KnownKeys(pool._keys.Add("model", null).Add("method", null));
        var pools = new KnownKeys(ImmutableSortedDictionary<string, KnownKeys?>.Empty, declared);
        return all.With("inference", inference.With("pool-defaults", pool).With("pools", pools));
    }

    private static KnownKeys From(HoconObject section) => new(section.Items.ToImmutableSortedDictionary(
        item => item.Key,
        // A dispatcher is Akka's to read, and keys have names of the user's own.
        item => item.Key is "dispatcher" or "api-keys" ? Anything : item.Value.IsObject() ? From(item.Value.GetObject()) : null,
        StringComparer.Ordinal));

    private KnownKeys With(string key, KnownKeys section) => new(_keys.SetItem(key, section), _each);

    private string Hint(string key, string path)
    {
        var nearest = _keys.Keys.MinBy(known => Distance(key, known));
        return nearest is not null && Distance(key, nearest) <= 1 + (key.Length / 4) ? $"{path}.{nearest} is probably meant"
            : All.Find(key, "zerocopy") is { } elsewhere ? $"{elsewhere} is probably meant"
            : $"{path} has {string.Join(", ", _keys.Keys)}";
    }

    /// <summary>Where else there is a key of that name.</summary>
    private string? Find(string key, string path) => _keys.ContainsKey(key)
        ? $"{path}.{key}"
        : _keys.Select(section => section.Value?.Find(key, $"{path}.{section.Key}")).FirstOrDefault(found => found is not null);

    /// <summary>Letters to change, add or leave out between two words (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 0; i < left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < right.Length; j++)
            {
                var changed = diagonal + (left[i] == right[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(changed, 1 + Math.Min(row[j], diagonal));
            }
        }

        return row[^1];
    }
}
