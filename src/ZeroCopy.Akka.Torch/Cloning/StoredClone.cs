using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Cloning.Layers;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Cloning;

/// <summary>
/// A module made of another one whose tensors are in the store. It has no native object and no memory in common with that module, which may
/// be trained, moved or disposed afterwards.
/// </summary>
internal static class StoredClone
{
    /// <summary>
    /// A clone on views of the stored tensors, on the CPU and in eval mode, with native layers built anew. Tensors that no module
    /// registered are copied. Dispose it with <see cref="ModuleDisposal.Release"/>.
    /// </summary>
    /// <param name="source">The module; it is only read.</param>
    /// <param name="entries">Its tensors in the store: all of them, but for transient buffers.</param>
    /// <param name="views">Returns views of <paramref name="entries"/>.</param>
    /// <exception cref="CloneRefusedException">
    /// The module holds something that cannot be cloned, or a native layer that cannot be built anew.
    /// </exception>
    public static torch.nn.Module Create(torch.nn.Module source, ImmutableArray<TensorEntry> entries, IViewSource views)
    {
        using var ordinary = OrdinaryTensors.Guard();
        using var frozen = torch.no_grad();
        var natives = new Dictionary<torch.nn.Module, torch.nn.Module>(ReferenceEqualityComparer.Instance);
        var viewOf = new Dictionary<torch.Tensor, torch.Tensor>(ReferenceEqualityComparer.Instance);
        torch.nn.Module clone;
        try
        {
            foreach (var layer in TorchInternals.SelfAndDescendants(source).Where(TorchInternals.IsNative))
            {
                natives.Add(layer, NativeLayers.Rebuild(layer));
            }

            MakeViews(source, entries, views, viewOf);
            clone = Clone(source, natives, viewOf);
        }
        finally
        {
            foreach (var made in natives.Values)
            {
                ModuleDisposal.Release(made);
            }

            foreach (var view in viewOf.Values)
            {
                view.Dispose();
            }
        }

        foreach (var module in TorchInternals.SelfAndDescendants(clone))
        {
            (TorchInternals.DeviceType(module), TorchInternals.DeviceIndex(module)) = (DeviceType.CPU, -1);
        }

        clone.eval();
        return clone;
    }

    /// <summary>Throws where <see cref="Create"/> would, before the module is put.</summary>
    /// <exception cref="CloneRefusedException">
    /// The module holds something that cannot be cloned, or a native layer that cannot be built anew.
    /// </exception>
    public static void Require(torch.nn.Module source)
    {
        foreach (var layer in TorchInternals.SelfAndDescendants(source).Where(TorchInternals.IsNative))
        {
            ModuleDisposal.Release(NativeLayers.Rebuild(layer));
        }

        ModuleDisposal.Release(ModuleCloner.Clone(source));
    }

    private static void MakeViews(
        torch.nn.Module source, ImmutableArray<TensorEntry> entries, IViewSource views, Dictionary<torch.Tensor, torch.Tensor> viewOf)
    {
        var byName = entries.ByName();
        foreach (var state in ModuleState.Read(source))
        {
            // A transient buffer that the model does not bring is the module's own, and copied like tensors that no module registered.
            if (!viewOf.ContainsKey(state.Tensor) && byName.TryGetValue(state.Name, out var entry))
            {
                viewOf.Add(state.Tensor, views.View(entry));
            }
        }
    }

    private static torch.nn.Module Clone(
        torch.nn.Module source, Dictionary<torch.nn.Module, torch.nn.Module> natives, Dictionary<torch.Tensor, torch.Tensor> viewOf)
    {
        var owned = new Dictionary<torch.Tensor, torch.Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var (layer, native) in natives)
        {
            var own = NativeLayers.Tensors(native);
            foreach (var (name, tensor) in NativeLayers.Tensors(layer))
            {
                Set(own, name, viewOf[tensor], layer);

                // A tensor of two layers is in both; its one wrapper is the first one's.
                owned.TryAdd(tensor, own[name]);
            }
        }

        using var session = new CloneSession(source, privateBuffers: true) { Unregistered = TensorSharing.Copy };
        foreach (var (layer, native) in natives)
        {
            session.TakeNative(layer, native);
        }

        foreach (var (tensor, view) in viewOf)
        {
            session.TakeTensor(
                tensor,
                owned.TryGetValue(tensor, out var own)
                    ? TorchNative.THSTensor_resolve_conj(own.Handle)
                    : TorchNative.THSTensor_detach(view.Handle));
        }

        return (torch.nn.Module)ModuleCloner.Run(source, session, source.GetType().Name);
    }

    private static void Set(Dictionary<string, torch.Tensor> own, string name, torch.Tensor view, torch.nn.Module layer)
    {
        if (!own.TryGetValue(name, out var target) || target.dtype != view.dtype)
        {
            throw new CloneRefusedException($"A {layer.GetType().Name} whose {name} is {view.dtype} cannot be built anew.");
        }

        target.set_(view);
    }
}
