using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Files;

/// <summary>Writes names and pins: one empty file each. Its callers hold the store's lock and the catalog's gate.</summary>
internal static class NameWriter
{
    /// <summary>Points a name with its version to a model, also one that pointed to a twin of it.</summary>
    public static void Set(StoreCatalog catalog, StoreChange change, ModelName name, ModelId model)
    {
        var path = catalog.Directory.NamePath(name, model);
        var isKnown = catalog.Names.TryResolve(name, out _, out var old);
        if (isKnown && old == model)
        {
            return;
        }

        change.Touch(StoreArea.Names);
        if (isKnown)
        {
            File.Move(catalog.Directory.NamePath(name, old), path, overwrite: true);
        }
        else
        {
            File.WriteAllBytes(path, []);
        }

        catalog.Names.Set(name, model);
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
