using ZeroCopy.Manifests;

namespace ZeroCopy.Store;

/// <summary>Who keeps a model in the store.</summary>
/// <param name="Model">The model.</param>
/// <param name="Holder">
/// What it was leased for, as the holder named itself; <c>process 4711</c> where another process, or another store object of this one, has
/// it: those are known by their locks on the model's file, which the kernel ends with them.
/// </param>
/// <param name="Process">The process's id.</param>
/// <param name="Leases">How many leases the holder has on the model; 1 where only the lock is known.</param>
public sealed record LeaseInfo(ModelId Model, string Holder, int Process, int Leases)
{
    /// <summary>The first of the names that point to the model, by which people know it; null where it has none.</summary>
    public ModelName? Name { get; init; }
}
