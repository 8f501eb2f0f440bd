using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>The leases of this process. Not thread-safe: its callers hold the catalog's gate.</summary>
internal sealed class LeaseLedger
{
    private readonly Dictionary<ModelId, ResidentModel> _resident = [];

    public int Count { get; private set; }

    public bool TryGet(ModelId model, [NotNullWhen(true)] out ResidentModel? resident) => _resident.TryGetValue(model, out resident);

    public int CountOf(ModelId model) => _resident.TryGetValue(model, out var resident) ? resident.Holders.Count : 0;

    /// <summary>For people: each holder once, with its number of leases where it has several.</summary>
    public string DescribeHolders(ModelId model) => string.Join(
        ", ",
        _resident[model].Holders.GroupBy(holder => holder, StringComparer.Ordinal)
            .Select(group => group.Count() == 1 ? $"'{group.Key}'" : $"'{group.Key}' ({group.Count()} leases)"));

    /// <summary>Each holder of each model once, by name.</summary>
    public IEnumerable<LeaseInfo> List() => _resident.Values.SelectMany(resident => resident.Holders
        .GroupBy(holder => holder, StringComparer.Ordinal)
        .Select(holder => new LeaseInfo(resident.Record.Id, holder.Key, Environment.ProcessId, holder.Count())))
        .OrderBy(lease => lease.Holder, StringComparer.Ordinal).ThenBy(lease => lease.Model);

    public void Add(ResidentModel resident, string holder)
    {
        _resident[resident.Record.Id] = resident;
        resident.Holders.Add(holder);
        Count++;
    }

    /// <summary>Ends one lease; true where it was the last one on its model, which the caller then unloads.</summary>
    public bool Remove(ResidentModel resident, string holder)
    {
        resident.Holders.Remove(holder);
        Count--;
        if (resident.Holders.Count > 0)
        {
            return false;
        }

        _resident.Remove(resident.Record.Id);
        return true;
    }
}
