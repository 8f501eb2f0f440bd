using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Files;

/// <summary>Names with their versions, each pointing to a model. Not thread-safe.</summary>
internal sealed class NameTable
{
    private readonly Dictionary<string, SortedList<int, ModelId>> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<ModelId, List<ModelName>> _namesOf = [];

    public int Count { get; private set; }

    /// <summary>The file name of a name: both halves in it, so that a listing needs no reading.</summary>
    public static bool TryParseFileName(string fileName, out ModelName name, out ModelId model)
    {
        var split = fileName.IndexOf('=', StringComparison.Ordinal);
        name = default;
        model = default;
        return split > 0 && ModelName.TryParse(fileName[..split], out name) && name.Version is not null
            && ModelId.TryParse(fileName.AsSpan(split + 1), out model);
    }

    public bool IsNamed(ModelId model) => _namesOf.ContainsKey(model);

    /// <summary>The names that point to a model, in the order of all names.</summary>
    public ImmutableArray<ModelName> Of(ModelId model) => _namesOf.TryGetValue(model, out var names)
        ? [.. names.OrderBy(name => name.Name, StringComparer.Ordinal).ThenBy(name => name.Version)]
        : [];

    /// <summary>The full name and its model; without a version, the newest.</summary>
    public bool TryResolve(ModelName name, out ModelName full, out ModelId model)
    {
        full = default;
        model = default;
        if (!_names.TryGetValue(name.Name ?? "", out var versions))
        {
            return false;
        }

        var version = name.Version ?? versions.Keys[^1];
        full = new ModelName(name.Name!, version);
        return versions.TryGetValue(version, out model);
    }

    /// <summary>
    /// The name with its version; without one, the newest that points to one of the models, else the next after the newest.
    /// </summary>
    /// <exception cref="InvalidModelException">The version is that of another model, or none is left.</exception>
    public ModelName WithVersion(ModelName name, params IReadOnlyCollection<ModelId> models)
    {
        if (name.Version is not null)
        {
            return !TryResolve(name, out _, out var held) || models.Contains(held)
                ? name
                : throw new InvalidModelException(
                    $"{name} is another model already, {held}, and a version never changes its model. Leave the version out for the next "
                    + "one, or take the name from the other first.");
        }

        var known = Matching(name);
        var same = known.LastOrDefault(version => models.Contains(version.Model)).Name;
        return same.Version is not null ? same : ModelName.After(name.Name, known.IsEmpty ? 0 : known[^1].Name.Version!.Value);
    }

    /// <summary>All versions of a name, or the one that is asked for.</summary>
    public ImmutableArray<(ModelName Name, ModelId Model)> Matching(ModelName name) =>
        !_names.TryGetValue(name.Name, out var versions)
            ? []
            :
            [
                .. versions.Where(v => name.Version is null || v.Key == name.Version)
                    .Select(v => (new ModelName(name.Name, v.Key), v.Value)),
            ];

    public ImmutableArray<(ModelName Name, ModelId Model)> All() =>
        [
            .. _names.OrderBy(n => n.Key, StringComparer.Ordinal)
                .SelectMany(n => n.Value.Select(v => (new ModelName(n.Key, v.Key), v.Value))),
        ];

    public void Set(ModelName name, ModelId model)
    {
        Remove(name);
        if (!_names.TryGetValue(name.Name, out var versions))
        {
            _names.Add(name.Name, versions = []);
        }

        versions.Add(name.Version!.Value, model);
        if (_namesOf.TryGetValue(model, out var names))
        {
            names.Add(name);
        }
        else
        {
            _namesOf.Add(model, [name]);
        }

        Count++;
    }

    public void Remove(ModelName name)
    {
        if (!_names.TryGetValue(name.Name, out var versions) || !versions.Remove(name.Version!.Value, out var model))
        {
            return;
        }

        Count--;
        if (versions.Count == 0)
        {
            _names.Remove(name.Name);
        }

        var names = _namesOf[model];
        names.Remove(name);
        if (names.Count == 0)
        {
            _namesOf.Remove(model);
        }
    }

    public void Clear()
    {
        _names.Clear();
        _namesOf.Clear();
        Count = 0;
    }
}
