using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Catalog;

/// <summary>
/// What is known of one name: who has which version of it, and which of them is current. Decides nothing but that, when
/// <see cref="Update"/> is called; not thread-safe.
/// </summary>
/// <param name="name">What it is called by.</param>
internal sealed class ModelView(string name)
{
    private readonly Dictionary<Address, ModelReport> _reports = [];
    private readonly Dictionary<int, ModelId> _models = [];

    /// <summary>The version of a call that names none; null where no version is known, or none has a number.</summary>
    public int? Current { get; private set; }

    /// <summary>The version that is to get calls, where it is not warm enough yet; null where none is.</summary>
    public int? Coming { get; private set; }

    /// <summary>What somebody decided; null where nobody did.</summary>
    public Rollout? Rollout { get; private set; }

    /// <summary>Whether no node has anything of that name.</summary>
    public bool IsEmpty => _reports.Values.All(report => report.Versions.IsEmpty);

    /// <summary>Takes a node's account instead of its last one.</summary>
    public void Set(ModelReport report)
    {
        _reports[report.Node] = report;
        if (report.Rollout is { } rollout && rollout.Epoch > (Rollout?.Epoch ?? 0))
        {
            Rollout = rollout;
        }
    }

    /// <summary>Forgets a node.</summary>
    public void Remove(Address node) => _reports.Remove(node);

    /// <summary>Takes a decision; null takes the last one back.</summary>
    public void Decide(Rollout? rollout) => Rollout = rollout;

    /// <summary>
    /// That of a decision to be taken now: behind the last one that is known, also where its node's clock was ahead of this one's.
    /// </summary>
    public long NextEpoch(DateTimeOffset now) => Math.Max(now.ToUnixTimeMilliseconds(), (Rollout?.Epoch ?? 0) + 1);

    /// <summary>
    /// Finds out which version is current by all that was said: one that is loaded stays it until the one that is to follow is as warm.
    /// Where nothing was current before, as this view is new, the one that most nodes have loaded was: the newest may be on its way. The
    /// newest does not become or stay current where every node that can build it failed to load it, unless somebody decided on it.
    /// </summary>
    public void Update()
    {
        UpdateModels();
        if (IsEmpty)
        {
            // What is put under the name from now on is another model.
            Rollout = null;
        }

        var versions = _models.Keys.Where(version => At(version).Any()).ToHashSet();
        var (wanted, shared, isDecided) = Wanted(versions);
        var isBroken = !isDecided && wanted is not null && HasFailed(wanted.Value);
        if (wanted is null)
        {
            Current = Newest(versions);
            Coming = null;
        }
        else if ((Current ?? Warmest(versions, wanted.Value)) is { } current && current != wanted
            && versions.Contains(current) && (isBroken || !IsAsWarm(wanted.Value, current)))
        {
            Current = current;
            Coming = wanted;
        }
        else if (isBroken && Newest(versions.Where(version => !HasFailed(version))) is { } loadable)
        {
            Current = loadable;
            Coming = wanted;
        }
        else
        {
            Current = wanted;
            Coming = shared is { } next && !IsAsWarm(next, wanted.Value) ? shared : null;
        }
    }

    /// <summary>Takes over which version is current, and which models the versions stand for, as somebody else decided it.</summary>
    public void Keep(ModelRoute route)
    {
        Current = route.Current;
        foreach (var replica in route.Replicas)
        {
            if (replica is { Version: { } version, Model: { } model })
            {
                _models[version] = model;
            }
        }
    }

    /// <summary>
    /// The model of a version. Of several it is the one that was served before, for as long as a node can build it; where none was, one
    /// that is loaded before one that is not, then the one that more nodes hold, then that of the smallest id. The order in which nodes
    /// announced them plays no part, so that whoever knows the same finds the same.
    /// </summary>
    public ModelId? ModelOf(int version) => _models.TryGetValue(version, out var model) ? model : null;

    /// <summary>Who has a version, and what they say of it; not those who hold another model under the same version.</summary>
    public IEnumerable<(Address Node, HeldVersion Held)> At(int? version) =>
        from report in _reports.Values
        from held in report.Versions
        where held.Version == version && !IsOther(held)
        select (report.Node, held);

    /// <summary>Every version that a node has.</summary>
    public IEnumerable<(Address Node, HeldVersion Held, bool IsOther)> All() =>
        from report in _reports.Values
        from held in report.Versions
        select (report.Node, held, IsOther(held));

    /// <summary>The newest version that is older than another one and can be called; null where there is none.</summary>
    public int? Before(int version) =>
        Newest(_models.Keys.Where(other => other < version && At(other).Any(at => at.Held.CanBuild)));

    /// <summary>Versions that a node has loaded, the newest first.</summary>
    public IEnumerable<int> Warm => _models.Keys.Where(version => WarmAt(version).Any()).OrderDescending();

    /// <summary>Nodes that have a version loaded.</summary>
    public IEnumerable<Address> WarmAt(int? version) => At(version).Where(at => at.Held.ReadyActors > 0).Select(at => at.Node);

    /// <summary>How it is called now.</summary>
    public ModelRoute ToRoute()
    {
        var replicas =
            from at in All()
            where at.Held.CanBuild && !at.IsOther
            orderby at.Held.Version, at.Node
            select new Replica(
                at.Node, at.Held.Version, at.Held.State, at.Held.ReadyActors, at.Held.Pending, at.Held.Model, at.Held.LastError);
        var callable = replicas.ToImmutableArray();
        var (next, percent) = Share();
        return new ModelRoute(name, Current, next, percent, callable, callable.IsEmpty ? Problem() : null);
    }

    /// <summary>Percent of the calls without a version that get this one.</summary>
    public int ShareOf(int? version)
    {
        var (next, percent) = Share();
        return version == Current ? 100 - percent : next is not null && version == next ? percent : 0;
    }

    private bool IsOther(HeldVersion held) =>
        held is { Version: { } version, Model: { } model } && _models.TryGetValue(version, out var known) && known != model;

    /// <summary>A share of the calls goes to a version that is rolled out by percentage.</summary>
    private (int? Next, int Percent) Share() =>
        Rollout is { Percent: < 100, Version: { } version } rollout && Current is { } current && version != current
            && At(version).Any() && IsAsWarm(version, current)
            ? (version, rollout.Percent)
            : (null, 0);

    private string? Problem()
    {
        var held = All().Select(at => at.Node).Distinct().ToArray();
        return held.Length == 0 ? null
            : $"No node of the cluster can build {name}, which is held by {string.Join(", ", held.Select(node => node.ToString()))}.";
    }

    /// <summary>The version that is to be current, the one that is to get a share of the calls, and whether somebody decided so.</summary>
    private (int? Wanted, int? Shared, bool IsDecided) Wanted(HashSet<int> versions) => Rollout switch
    {
        { Version: { } version, Percent: 100 } when versions.Contains(version) => (version, null, true),
        { Version: { } version, Before: { } before } when versions.Contains(version) && versions.Contains(before) =>
            (before, version, true),
        { Version: { } version } when versions.Contains(version) => (version, null, true),
        // What was tried is gone: its calls are those of the version that had the rest.
        { Percent: < 100, Before: { } before } when versions.Contains(before) => (before, null, true),
        _ => (Newest(versions.Where(version => At(version).Any(at => at.Held.CanBuild))), null, false),
    };

    /// <summary>Whether a version is loaded wherever another one is that can be replaced by it.</summary>
    private bool IsAsWarm(int version, int other)
    {
        var warm = WarmAt(version).ToHashSet();
        return WarmAt(other).All(warm.Contains);
    }

    /// <summary>Whether no node that can build a version could load it the last time that it tried; also where no node can.</summary>
    private bool HasFailed(int version) =>
        At(version).Where(at => at.Held.CanBuild).All(at => at.Held is { ReadyActors: 0, LastError: not null });

    private int? Warmest(IEnumerable<int> versions, int wanted)
    {
        var warm = versions.Select(version => (Version: version, Nodes: WarmAt(version).Count())).Where(at => at.Nodes > 0).ToArray();
        if (Rollout is not null && warm.Any(at => at.Version == wanted))
        {
            // Nodes keep a roll-out from when it is done.
            return wanted;
        }

        return warm.OrderByDescending(at => at.Nodes).ThenBy(at => at.Version == wanted).ThenByDescending(at => at.Version)
            .Select(at => (int?)at.Version).FirstOrDefault();
    }

    private static int? Newest(IEnumerable<int> versions)
    {
        var newest = versions.DefaultIfEmpty().Max();
        return newest == 0 ? null : newest;
    }

    private void UpdateModels()
    {
        var held = (from report in _reports.Values
                    from at in report.Versions
                    where at is { Version: not null, Model: not null }
                    select at).ToLookup(at => at.Version!.Value);
        foreach (var gone in _models.Keys.Where(version => !held.Contains(version)).ToArray())
        {
            _models.Remove(gone);
        }

        foreach (var version in held)
        {
            var rivals = version.GroupBy(at => at.Model!.Value).ToArray();
            if (rivals.Length == 1)
            {
                _models[version.Key] = rivals[0].Key;
            }
            else if (!_models.TryGetValue(version.Key, out var known) || !rivals.Any(rival => rival.Key == known && CanBuild(rival)))
            {
                _models[version.Key] = rivals.OrderByDescending(CanBuild)
                    .ThenByDescending(rival => rival.Any(at => at.ReadyActors > 0))
                    .ThenByDescending(rival => rival.Count()).ThenBy(rival => rival.Key).First().Key;
            }
        }

        static bool CanBuild(IEnumerable<HeldVersion> rival) => rival.Any(at => at.CanBuild);
    }
}
