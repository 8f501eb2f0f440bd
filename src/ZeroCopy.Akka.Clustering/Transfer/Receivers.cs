using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>Nodes that asked for models a moment ago, so that those who receive the same one hear of each other. Thread-safe.</summary>
/// <param name="clock">The clock.</param>
internal sealed class Receivers(TimeProvider clock)
{
    /// <summary>Name of the header in which a receiver says where it has what has arrived.</summary>
    public const string Own = "zerocopy-receiver";

    /// <summary>Name of the header in which it is told of the others, behind commas.</summary>
    public const string Others = "zerocopy-receivers";

    // Of one model.
    private const int Most = 64;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<(ModelId Model, Uri Node), long> _seen = [];

    /// <summary>A node asks for a model: the others that did.</summary>
    /// <param name="model">The model.</param>
    /// <param name="node">Where others reach the node; null where they do not.</param>
    public Uri[] Meet(ModelId model, Uri? node)
    {
        lock (_lock)
        {
            foreach (var gone in _seen.Where(seen => clock.GetElapsedTime(seen.Value) > Moment).Select(seen => seen.Key).ToArray())
            {
                _seen.Remove(gone);
            }

            var others = _seen.Where(seen => seen.Key.Model == model && seen.Key.Node != node).OrderBy(seen => seen.Value)
                .Select(seen => seen.Key).ToArray();
            if (node is not null)
            {
                _seen[(model, node)] = clock.GetTimestamp();
                if (others.Length >= Most)
                {
                    _seen.Remove(others[0]);
                }
            }

            return [.. others.Select(seen => seen.Node)];
        }
    }
}
