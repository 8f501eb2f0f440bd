using System.Reflection;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Devices;

/// <summary>
/// Moves a module's tensors to a device. <c>Module.to</c> would move each tensor for itself, so that tied ones take the memory twice or are
/// disposed under the other's hands; it leaves non-persistent buffers where they are, fails for containers such as <c>ModuleDict</c>, and
/// where a native layer finds no memory on the device, it ends the process.
/// </summary>
internal static class ModuleMove
{
    /// <summary>Moves everything that the module registered, in its own wrappers. No call may run on the module meanwhile.</summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">libtorch's message: the device has too little memory.</exception>
    /// <exception cref="DeviceUnavailableException">
    /// The module holds a TorchScript module, which cannot be moved with it. Nothing was moved.
    /// </exception>
    /// <exception cref="InvalidOperationException">A tensor of the module did not go along.</exception>
    public static void Move(torch.nn.Module module, torch.Device device)
    {
        var modules = TorchInternals.SelfAndDescendants(module);
        RefuseScripts(module, modules, device);
        using var ordinary = OrdinaryTensors.Guard();
        using var frozen = torch.no_grad();
        var tensors = ModuleState.Read(module).Select(state => (state.Tensor, state.OwnedByNative, state.Identity)).ToList();
        var there = new Dictionary<object, torch.Tensor>();
        if (device.type == DeviceType.CUDA)
        {
            foreach (var layer in modules.Where(TorchInternals.IsNative))
            {
                NativeWeights.DropUnused(layer);
                TorchNative.Move(layer, device);
            }

            // Wrappers follow their native tensor. Those that were tied have each a copy now, and give it up.
            foreach (var (tensor, _, identity) in tensors.Where(item => item.OwnedByNative && IsOn(item.Tensor, device)))
            {
                if (!there.TryAdd(identity, tensor) && TorchNative.Data(tensor) != TorchNative.Data(there[identity]))
                {
                    tensor.set_(there[identity]);
                }
            }
        }

        MoveWeightsFromOutside(modules, tensors.Select(item => (item.Tensor, item.Identity)), device, there);
        foreach (var (tensor, native, identity) in tensors)
        {
            if (!native)
            {
                MoveOne(tensor, identity, device, there);
            }
        }

        Finish(modules, device);
        RequireMoved(module, device);
    }

    /// <summary>
    /// Moves the weights of native layers that libtorch has not registered in them, and so leaves where they are: each wrapper once, and
    /// into every layer that computes with it.
    /// </summary>
    private static void MoveWeightsFromOutside(
        List<torch.nn.Module> modules, IEnumerable<(torch.Tensor Tensor, object Identity)> tensors, torch.Device device,
        Dictionary<object, torch.Tensor> there)
    {
        var identities = new Dictionary<torch.Tensor, object>(ReferenceEqualityComparer.Instance);
        foreach (var (tensor, identity) in tensors)
        {
            identities.TryAdd(tensor, identity);
        }

        foreach (var layer in modules)
        {
            NativeWeights.Reset(layer, weight => IsOn(weight, device), weight => MoveOne(weight, identities[weight], device, there));
        }
    }

    private static void MoveOne(torch.Tensor tensor, object identity, torch.Device device, Dictionary<object, torch.Tensor> there)
    {
        if (!IsOn(tensor, device))
        {
            NativeWeights.Replace(tensor, there.TryGetValue(identity, out var tied) ? tied.detach() : tensor.to(device));
            there.TryAdd(identity, tensor);
        }
    }

    /// <summary>
    /// libtorch's scripts are no layers, though they look like some from here: asked to move as one, they end the process.
    /// </summary>
    private static void RefuseScripts(torch.nn.Module root, List<torch.nn.Module> modules, torch.Device device)
    {
        if (modules.Any(module => module is torch.jit.ScriptModule))
        {
            throw new DeviceUnavailableException(
                $"{root.GetType().Name} runs on the CPU only, not on {device}: it holds a TorchScript module, which cannot be moved inside "
                + "another module. Put the script by itself and open it on the device.");
        }
    }

    private static void RequireMoved(torch.nn.Module module, torch.Device device)
    {
        foreach (var (name, tensor, _, _) in ModuleState.Read(module))
        {
            if (!IsOn(tensor, device))
            {
                throw new InvalidOperationException(
                    $"{name} of {module.GetType().Name} stayed on {tensor.device} where the module was moved to {device}.");
            }
        }
    }

    /// <summary>Tells the modules where they are, and those whose class does something of its own then that they are moved.</summary>
    private static void Finish(List<torch.nn.Module> modules, torch.Device device)
    {
        var index = device.type == DeviceType.CUDA ? device.index : -1;
        var asked = modules.ToLookup(
            module => HasMoveOfItsOwn(module) || (device.type != DeviceType.CUDA && TorchInternals.IsNative(module)));
        foreach (var module in asked[false])
        {
            (TorchInternals.DeviceType(module), TorchInternals.DeviceIndex(module)) = (device.type, index);
        }

        foreach (var module in asked[true])
        {
            module.to(device);
        }
    }

    private static bool HasMoveOfItsOwn(torch.nn.Module module) =>
        module.GetType().GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Any(method => method.Name is "_to" or "_toEpilog" && method.DeclaringType!.Assembly != typeof(torch).Assembly);

    private static bool IsOn(torch.Tensor tensor, torch.Device device) =>
        tensor.device_type == device.type && (device.type != DeviceType.CUDA || tensor.device_index == device.index);
}
