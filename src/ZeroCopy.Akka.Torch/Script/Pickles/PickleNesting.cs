using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>
/// Refuses values that are nested deeper than a stack holds, that contain themselves, or that are more than they seem because each stands
/// in two places: libtorch visits them by recursion, and modules by their paths.
/// </summary>
internal sealed class PickleNesting
{
    private const int MaxDepth = 500;
    private const long MaxModules = 100_000;
    private readonly Dictionary<object, (int Depth, long Modules, long Values)> _done = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _open = new(ReferenceEqualityComparer.Instance);

    private PickleNesting()
    {
    }

    /// <exception cref="InvalidModelException">The values are nested too deeply, or in a circle, or are more than there may be.</exception>
    public static void Require(object? root, string path, long mostValues)
    {
        var (depth, modules, values) = root is null ? default : new PickleNesting().Measure(root);
        if (depth > MaxDepth)
        {
            throw new InvalidModelException($"{path}: its values are nested in more than {MaxDepth} levels, or in a circle.");
        }

        if (modules > MaxModules)
        {
            throw new InvalidModelException($"{path}: it has more than {MaxModules} modules.");
        }

        if (values > mostValues)
        {
            throw new InvalidModelException(
                $"{path}: it has more than {mostValues} values, each counted in every place where it stands.");
        }
    }

    private (int Depth, long Modules, long Values) Measure(object root)
    {
        var work = new Stack<(object Value, bool Left)>([(root, false)]);
        while (work.TryPop(out var item))
        {
            var (value, left) = item;
            if (left)
            {
                _open.Remove(value);
                var parts = Parts(value).Select(part => _done[part]).ToList();
                var modules = parts.Aggregate(value is PickleObject ? 1L : 0, (sum, part) => Math.Min(MaxModules + 1, sum + part.Modules));
                var values = parts.Aggregate(
                    1L + Items(value).Count() - parts.Count, (sum, part) => Math.Min(PickleReader.MaxValues + 1, sum + part.Values));
                _done[value] = (1 + parts.Select(part => part.Depth).DefaultIfEmpty().Max(), modules, values);
            }
            else if (_open.Contains(value))
            {
                return (int.MaxValue, 0, 0);
            }
            else if (!_done.ContainsKey(value))
            {
                _open.Add(value);
                work.Push((value, true));
                foreach (var part in Parts(value))
                {
                    work.Push((part, false));
                }
            }
        }

        return _done[root];
    }

    private static IEnumerable<object> Parts(object value) =>
        Items(value).Where(item => item is object?[] or PickleList or PickleDictionary or PickleObject)!;

    private static IEnumerable<object?> Items(object value) => value switch
    {
        object?[] tuple => tuple,
        PickleList list => list.Items,
        PickleDictionary dictionary => dictionary.Items.SelectMany(item => new[] { item.Key, item.Value }),
        PickleObject { State: { } state } => [state],
        _ => [],
    };
}
