using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Files;

/// <summary>Writes names and pins: one empty file each. Its callers hold the store's lock and the catalog's gate.</summary>
internal static class NameWriter
{
    /// <summary>
    /// Points a name to a model. Without a version it gets the newest that points to this model already, else the next one.
    /// </summary>
    public static ModelName Set(StoreCatalog catalog, StoreChange change, ModelName name, ModelId model)
    {
        var full = catalog.Names.WithVersion(name, model);
        var path = catalog.Directory.NamePath(full, model);
        var isKnown = catalog.Names.TryResolve(full, out _, out var old);
        if (isKnown && old == model)
        {
            return full;
        }

        change.Touch(StoreArea.Names);
        if (isKnown)
        {
            File.Move(catalog.Directory.NamePath(full, old), path, overwrite: true);
        }
        else
        {
            File.WriteAllBytes(path, []);
        }

        catalog.Names.Set(full, model);
        return full;
    }

    public static void Remove(StoreCatalog catalog, StoreChange change, ModelName name, ModelId model)
    {
        change.Touch(StoreArea.Names);
        File.Delete(catalog.Directory.NamePath(name, model));
        catalog.Names.Remove(name);
    }

    public static void Pin(StoreCatalog catalog, StoreChange change, ModelId model)
    {
        change.Touch(StoreArea.Names);
        File.WriteAllBytes(catalog.Directory.PinPath(model), []);
        catalog.Pins.Add(model);
    }

    public static void Unpin(StoreCatalog catalog, StoreChange change, ModelId model)
    {
        change.Touch(StoreArea.Names);
        File.Delete(catalog.Directory.PinPath(model));
        catalog.Pins.Remove(model);
    }
}
