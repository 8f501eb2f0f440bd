using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Modules;

/// <summary>Enumerates the tensors of a module.</summary>
internal static class ModuleState
{
    /// <summary>
    /// Parameters and buffers of the module and all below it, in the order of registration, under each of their names: the non-persistent
    /// buffers too, which <c>named_buffers</c> leaves out, and tied tensors more than once. A native layer's weight is the one that it
    /// computes with.
    /// </summary>
    public static List<StateTensor> Read(torch.nn.Module module)
    {
        var state = new List<StateTensor>();
        Read(module, "", new HashSet<torch.nn.Module>(ReferenceEqualityComparer.Instance), state);
        return state;
    }

    private static void Read(torch.nn.Module module, string prefix, HashSet<torch.nn.Module> path, List<StateTensor> state)
    {
        if (!path.Add(module))
        {
            return;
        }

        var native = TorchInternals.IsNative(module);
        NativeWeights.RegisterEffective(module);
        foreach (var (name, parameter) in TorchInternals.Parameters(module))
        {
            Add(prefix + name, parameter, TensorRole.Parameter);
        }

        foreach (var (name, (buffer, persistent)) in TorchInternals.Buffers(module))
        {
            Add(prefix + name, buffer, persistent ? TensorRole.Buffer : TensorRole.TransientBuffer);
        }

        foreach (var (name, child) in TorchInternals.Children(module))
        {
            if (child is not null)
            {
                Read(child, $"{prefix}{name}.", path, state);
            }
        }

        // Only a module that contains itself is left out; one that is used twice has both names.
        path.Remove(module);

        void Add(string name, torch.Tensor? tensor, TensorRole role)
        {
            if (tensor is not null && !tensor.IsInvalid)
            {
                state.Add(new StateTensor(name, tensor, role, native));
            }
        }
    }
}
