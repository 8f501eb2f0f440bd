using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Devices;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch;

/// <summary>
/// Opens models: leases one in the store, and makes the prototype or loads the script that instances come from. Thread-safe.
/// </summary>
internal sealed class ModelOpener(ObjectStore store, ModelCatalog catalog, LiveModules live, TorchRuntimeOptions options)
{
    /// <summary>A module, by the caller's factory, else by the catalog, else as a clone of what was put in this process.</summary>
    /// <exception cref="RecipeUnavailableException">Nothing here can build the module.</exception>
    public OpenModule Open<TModule>(ModelHandle model, OpenOptions<TModule> opening, torch.Device device)
        where TModule : torch.nn.Module
    {
        var lease = store.Acquire(model.Id, $"model {model}");
        LeaseViews? views = null;
        try
        {
            views = new LeaseViews(lease, ownsLease: true);
            var prototype = Builder(lease.Manifest, opening) is { } build
                ? Built(build, lease, views, device)
                : Put<TModule>(lease, views, device);
            try
            {
                return new OpenModule(model, prototype, views, MaxIdle(prototype.Module), opening.Stateless);
            }
            catch
            {
                prototype.Dispose();
                throw;
            }
        }
        catch
        {
            ((IDisposable?)views ?? lease).Dispose();
            throw;
        }
    }

    /// <summary>A TorchScript model.</summary>
    public ScriptModel OpenScript(ModelHandle model, Recipe.Script script, torch.Device device)
    {
        var lease = store.Acquire(model.Id, $"script {model}");
        try
        {
            return new ScriptModel(
                model.ToString(),
                lease.Manifest,
                lease.Bytes(script.Skeleton).ToArray(),
                isReadOnly => new LeaseViews(lease, isReadOnly),
                lease,
                device,
                options.Isolation,
                options.MaxIdleInstances);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>
    /// How many idle instances wait for the next holder, who has one that answers as a fresh load does: none where the module has code of
    /// its user's, which may keep something, unless models are said to keep nothing.
    /// </summary>
    private int MaxIdle(torch.nn.Module module)
    {
        return options.Isolation == InstanceIsolation.None || TorchInternals.SelfAndDescendants(module).All(KeepsNothing)
            ? options.MaxIdleInstances
            : 0;

        static bool KeepsNothing(torch.nn.Module part) =>
            part.GetType().Assembly is var code && (code == typeof(torch).Assembly || code == typeof(ModelOpener).Assembly);
    }

    /// <summary>Builds and binds a module; null where neither the caller nor the catalog can.</summary>
    private Func<IViewSource, torch.nn.Module>? Builder<TModule>(Manifest manifest, OpenOptions<TModule> opening)
        where TModule : torch.nn.Module =>
        opening.Factory is { } factory ? views => ModuleBuilder.Build(manifest.Tensors, views, factory)
        : manifest.Recipe is Recipe.Catalog recipe
            ? views => ModuleBuilder.Build(manifest.Tensors, views, build => catalog.Build(recipe.Key, recipe.Configuration, build))
        : null;

    private Prototype Built(Func<IViewSource, torch.nn.Module> build, ModelLease lease, LeaseViews views, torch.Device device)
    {
        var module = Move(build(views), device);
        return new Prototype(
            module,
            Cloner(module, lease, device),
            () => Move(options.Isolation == InstanceIsolation.None ? build(views) : OnOwnMapping(lease, build), device),
            () => ModuleDisposal.Release(module));
    }

    private Prototype Put<TModule>(ModelLease lease, LeaseViews views, torch.Device device)
        where TModule : torch.nn.Module
    {
        var put = live.Find(lease.Manifest.Id);
        if (put?.Module is not TModule module)
        {
            var reason = put?.Refused?.Message ?? $"It was not put by this process as a {typeof(TModule).Name}.";
            throw new RecipeUnavailableException(
                $"Nothing here can build the module of {lease.Manifest.Id.ToString()[..12]}. {reason} "
                + "Give OpenOptions.Factory, or put it with PutModuleOptions.Recipe and register that key in the catalog.",
                put?.Refused);
        }

        if (device.type == DeviceType.CPU)
        {
            put.Take();
            return new Prototype(module, Cloner(module, lease, device), rebuild: null, put.End);
        }

        // Clones share native layers, so what moves elsewhere needs layers of its own.
        var moved = Move(put.Use(() => StoredClone.Create(module, lease.Manifest.Tensors, views)), device);
        return new Prototype(moved, Cloner(moved, lease, device), rebuild: null, () => ModuleDisposal.Release(moved));
    }

    private Func<torch.nn.Module> Cloner(torch.nn.Module prototype, ModelLease lease, torch.Device device) => options.Isolation switch
    {
        InstanceIsolation.None => () => ModuleCloner.Clone(prototype),
        InstanceIsolation.Buffers => new PrivateClones(prototype, lease, device).Create,
        _ => () => Move(OnOwnMapping(lease, views => StoredClone.Create(prototype, lease.Manifest.Tensors, views)), device),
    };

    /// <summary>A module on a mapping of its own, which ends with its last tensor.</summary>
    private static torch.nn.Module OnOwnMapping(ModelLease lease, Func<IViewSource, torch.nn.Module> make)
    {
        using var views = new LeaseViews(lease);
        return make(views);
    }

    private static torch.nn.Module Move(torch.nn.Module module, torch.Device device)
    {
        try
        {
            return DevicePlacement.Move(module, device);
        }
        catch
        {
            ModuleDisposal.Release(module);
            throw;
        }
    }
}
