using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Cloning;

/// <summary>
/// Clones of a stored model's prototype that share its parameters, and have each its own buffers and tensors that no module registered.
/// Small ones are copied. Large buffers may be frozen weights by another name: a clone reads them in a mapping of its own, which takes no
/// memory until it is written to. Native layers share theirs, which they do not write in eval mode. Thread-safe.
/// </summary>
internal sealed class PrivateClones
{
    // A page fault or two and the mapping cost about as much as a copy of this size.
    private const int CopiedBytes = 65536;

    private readonly torch.nn.Module _prototype;
    private readonly ModelLease _lease;
    private readonly List<(torch.Tensor Buffer, TensorEntry Entry)> _mapped = [];

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

        var state = ModuleState.Read(prototype);
        var native = state.Where(tensor => tensor.OwnedByNative)
            .Select(tensor => tensor.Tensor).ToHashSet<torch.Tensor>(ReferenceEqualityComparer.Instance);
        var large = lease.Manifest.Tensors.Where(entry => entry.Layout.ByteLength > CopiedBytes)
            .SelectMany(entry => entry.Aliases.Prepend(entry.Name), (entry, name) => (entry, name))
            .ToDictionary(pair => pair.name, pair => pair.entry);
        foreach (var buffer in state.Where(tensor => tensor.Role != TensorRole.Parameter && !native.Contains(tensor.Tensor)))
        {
            if (large.TryGetValue(buffer.Name, out var entry))
            {
                _mapped.Add((buffer.Tensor, entry));
            }
        }
    }

    /// <summary>A clone. Dispose it with <see cref="ModuleDisposal.Release"/>.</summary>
    /// <exception cref="ZeroCopy.Errors.CloneRefusedException">The module holds something that cannot be cloned.</exception>
    public torch.nn.Module Create()
    {
        using var ordinary = OrdinaryTensors.Guard();
        using var session = new CloneSession(_prototype, privateBuffers: true) { Unregistered = TensorSharing.Copy };
        if (_mapped.Count > 0)
        {
            using var views = new LeaseViews(_lease);
            foreach (var (buffer, entry) in _mapped)
            {
                using var view = views.View(entry);
                session.TakeTensor(buffer, TorchNative.THSTensor_detach(view.Handle));
            }
        }

        return (torch.nn.Module)ModuleCloner.Run(_prototype, session, _prototype.GetType().Name);
    }
}
