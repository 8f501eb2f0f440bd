using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Cloning;

/// <summary>
/// Clones of a stored model's prototype that share its parameters, and have each its own buffers and tensors that no module registered.
/// Small ones, and those that the store does not have, are copied. Large buffers may be frozen weights by another name: a clone reads them
/// in a mapping of its own, which takes no memory until it is written to, as it does with buffers that are tied to others or to
/// parameters, or share a storage with them, and stay it. Native layers share theirs, which they do not write in eval mode. On another
/// device than the CPU all buffers are copied. Thread-safe.
/// </summary>
internal sealed class PrivateClones
{
    // A page fault or two and the mapping cost about as much as a copy of this size.
    private const int CopiedBytes = 65536;

    private readonly torch.nn.Module _prototype;
    private readonly ModelLease _lease;
    private readonly List<(torch.Tensor Tensor, TensorEntry Entry)> _mapped = [];
    private readonly List<torch.Tensor> _shared = [];

    /// <param name="prototype">The module; it is only read.</param>
    /// <param name="lease">Keeps the model that it was made of.</param>
    /// <param name="device">Where the prototype is: only on the CPU can a mapping hold its buffers.</param>
    public PrivateClones(torch.nn.Module prototype, ModelLease lease, torch.Device device)
    {
        (_prototype, _lease) = (prototype, lease);
        if (device.type != DeviceType.CPU)
        {
            return;
        }

        var entries = lease.Manifest.Tensors.ByName();
        var stored = ModuleState.Read(prototype).Where(state => entries.ContainsKey(state.Name));
        foreach (var tied in stored.GroupBy(state => Memory(entries[state.Name])))
        {
            var tensors = tied.DistinctBy(state => state.Tensor, ReferenceEqualityComparer.Instance).ToArray();
            if (tied.All(state => state.Role == TensorRole.Parameter)
                || (tensors.Length == 1
                    && (tensors[0].OwnedByNative || tied.Key is TensorEntry { Layout.ByteLength: <= CopiedBytes })))
            {
                continue;
            }

            if (tied.Any(state => state.OwnedByNative))
            {
                // Clones have the layer's own tensor, to which the others stay tied.
                _shared.AddRange(tensors.Where(state => !state.OwnedByNative).Select(state => state.Tensor));
            }
            else
            {
                _mapped.AddRange(tensors.Select(state => (state.Tensor, entries[state.Name])));
            }
        }
    }

    /// <summary>A clone. Dispose it with <see cref="ModuleDisposal.Release"/>.</summary>
    /// <exception cref="ZeroCopy.Errors.CloneRefusedException">The module holds something that cannot be cloned.</exception>
    public torch.nn.Module Create()
    {
        using var ordinary = OrdinaryTensors.Guard();
        using var session = new CloneSession(_prototype, privateBuffers: true) { Unregistered = TensorSharing.Copy };
        foreach (var tensor in _shared)
        {
            session.TakeTensor(tensor, TorchNative.THSTensor_detach(tensor.Handle));
        }

        if (_mapped.Count > 0)
        {
            using var views = new LeaseViews(_lease);
            foreach (var (tensor, entry) in _mapped)
            {
                using var view = views.View(entry);
                session.TakeTensor(tensor, TorchNative.THSTensor_detach(view.Handle));
            }
        }

        return (torch.nn.Module)ModuleCloner.Run(_prototype, session, _prototype.GetType().Name);
    }

    // What lies in a larger block shares that with the others in it.
    private static object Memory(TensorEntry entry) => entry.Offset is null ? entry : entry.Block;
}
