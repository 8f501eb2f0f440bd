using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Pipelines;

/// <summary>One holder's leases on the several models of a pipeline.</summary>
internal sealed class ModelLeases : IDisposable
{
    private readonly List<ModelLease> _leases = [];

    private ModelLeases()
    {
    }

    /// <summary>Leases all of the models, or none.</summary>
    /// <exception cref="ZeroCopy.Errors.ModelNotFoundException">The store lacks one of them.</exception>
    public static ModelLeases Acquire(ObjectStore store, IEnumerable<ModelId> models, string holder)
    {
        var leases = new ModelLeases();
        try
        {
            foreach (var model in models)
            {
                leases._leases.Add(store.Acquire(model, holder));
            }

            return leases;
        }
        catch
        {
            leases.Dispose();
            throw;
        }
    }

    public void Dispose() => _leases.ForEach(lease => lease.Dispose());
}
