using System.Reflection;
using TorchSharp;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Devices;

/// <summary>
/// Moves a module's tensors to a device. <c>Module.to</c> would move each tensor for itself, so that tied ones take the memory twice or are disposed
/// under the other's hands; it leaves non-persistent buffers where they are, fails for containers such as <c>ModuleDict</c>, and where a native layer
/// finds no memory on the device, it ends the process.
/// </summary>
internal static class ModuleMove
{
    /// <summary>Moves everything that the module registered, in its own wrappers. No call may run on the module meanwhile.</summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">libtorch's message: the device has too little memory.</exception>
    public static void Move(torch.nn.Module module, torch.Device device)
    {
        using var ordinary = OrdinaryTensors.Guard();
        using var frozen = torch.no_grad();
        var tensors = ModuleState.Read(module).Select(state => (state.Tensor, state.OwnedByNative, state.Identity)).ToList();
        var there = new Dictionary<object, torch.Tensor>();
        if (device.type == DeviceType.CUDA)
        {
            foreach (var layer in TorchInternals.SelfAndDescendants(module).Where(TorchInternals.IsNative))
            {
                TorchNative.Move(layer, device);
            }

            // Wrappers follow their native tensor. Those that were tied have each a copy now, and give it up.
            foreach (var (tensor, _, identity) in tensors.Where(item => item.OwnedByNative))
            {
                if (!there.TryAdd(identity, tensor) && TorchNative.Data(tensor) != TorchNative.Data(there[identity]))
                {
                    tensor.set_(there[identity]);
                }
            }
        }

        foreach (var (tensor, native, identity) in tensors)
        {
            if (!native && !IsOn(tensor, device))
            {
                Replace(tensor, there.TryGetValue(identity, out var tied) ? tied.detach() : tensor.to(device));
                there.TryAdd(identity, tensor);
            }
        }

        Finish(TorchInternals.SelfAndDescendants(module), device);
    }

    /// <summary>Tells the modules where they are, and those whose class does something of its own then that they are moved.</summary>
    private static void Finish(List<torch.nn.Module> modules, torch.Device device)
    {
        var index = device.type == DeviceType.CUDA ? device.index : -1;
        var asked = modules.ToLookup(module => HasMoveOfItsOwn(module) || (device.type != DeviceType.CUDA && TorchInternals.IsNative(module)));
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

    /// <summary>The wrapper stays, wherever it is held, and takes another native tensor; the old one is freed.</summary>
    private static void Replace(torch.Tensor target, torch.Tensor other)
    {
        ref var left = ref TorchInternals.TensorHandle(target);
        ref var right = ref TorchInternals.TensorHandle(other);
        (left, right) = (right, left);
        other.Dispose();
    }
}
