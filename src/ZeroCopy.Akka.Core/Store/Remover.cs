using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Memory;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Store;

/// <summary>
/// Removes names and models: all that was asked for, or nothing. Its callers hold the store's lock and the catalog's gate.
/// </summary>
internal sealed class Remover(StoreCatalog catalog, LeaseLedger leases, Reclaimer reclaimer)
{
    public IReadOnlyList<ModelId> Remove(StoreChange change, ModelName name)
    {
        var pointers = catalog.Names.Matching(name);
        if (pointers.IsEmpty)
        {
            throw new ModelNotFoundException($"The store in {catalog.Directory.Root} has no model named {name}.");
        }

        var going = pointers.Select(p => p.Name).ToHashSet();
        var models = pointers.Select(p => p.Model).Distinct()
            .Where(model => catalog.Names.Of(model).All(going.Contains)).ToArray();
        RemoveModels(change, models);
        foreach (var (pointer, model) in pointers)
        {
            NameWriter.Remove(catalog, change, pointer, model);
        }

        return models;
    }

    public void RemoveModels(StoreChange change, params IReadOnlyList<ModelId> models)
    {
        foreach (var model in models)
        {
            RequireUnused(change, model);
        }

        foreach (var model in models)
        {
            if (!reclaimer.TryRemove(change, model))
            {
                throw InUse(model, "another process");
            }
        }

        reclaimer.DeleteDeadSegments(change);
    }

    /// <summary>Removes a model that may go and was not used since a moment; false where it stays, or is not there.</summary>
    public bool RemoveUnused(StoreChange change, ModelId model, DateTimeOffset since)
    {
        if (!catalog.Models.TryGet(model, out var record) || catalog.Pins.Contains(model) || leases.CountOf(model) > 0
            || LastUse.Read(catalog.Directory.ManifestPath(model), record.LastUsed) > since || !reclaimer.TryRemove(change, model))
        {
            return false;
        }

        reclaimer.DeleteDeadSegments(change);
        return true;
    }

    private void RequireUnused(StoreChange change, ModelId model)
    {
        if (leases.CountOf(model) is > 0 and var count)
        {
            throw InUse(model, $"this process: {count} lease{(count == 1 ? "" : "s")}, held by {leases.DescribeHolders(model)}");
        }

        change.Touch(StoreArea.Manifests);
        var path = catalog.Directory.ManifestPath(model);
        if (!File.Exists(path))
        {
            // Lost, and a name is left: nobody can use it.
            return;
        }

        using var handle = ExclusiveFile.TryLock(path);
        if (handle is null)
        {
            var processes = FileOwner.LockHolders([path])[0];
            throw InUse(
                model,
                processes.Count == 0 ? "another process"
                : $"{processes.Count} other process{(processes.Count == 1 ? "" : "es")}: process id {string.Join(", ", processes)}");
        }
    }

    private static ModelInUseException InUse(ModelId model, string by) =>
        new($"Model {model} is leased by {by}; release the leases first.");
}
