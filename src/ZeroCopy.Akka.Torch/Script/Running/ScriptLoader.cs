using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.CppExceptions;

namespace ZeroCopy.Torch.Script.Running;

/// <summary>
/// Loads skeletons and binds their tensors. Loads are serialised: libtorch's importer is not meant for many threads at once.
/// </summary>
internal static class ScriptLoader
{
    private static readonly Lock LoadLock = new();

    /// <summary>
    /// Loads a skeleton onto a device and binds every tensor of the manifest that it has not itself to what <paramref name="source"/>
    /// returns, which is on that device and is disposed afterwards. Constants in the code come to the device with the skeleton, unlike in a
    /// program that is moved after it was loaded.
    /// </summary>
    /// <exception cref="InvalidModelException">libtorch refuses the archive.</exception>
    /// <exception cref="BindingException">The skeleton lacks a tensor, or has it in another shape or type.</exception>
    public static torch.jit.ScriptModule Load(
        byte[] skeleton, IReadOnlyList<TensorEntry> tensors, Func<TensorEntry, torch.Tensor> source, string name, torch.Device device)
    {
        using var noGradient = torch.no_grad();
        torch.jit.ScriptModule module;
        try
        {
            lock (LoadLock)
            {
                module = Load(skeleton, device);
            }
        }
        catch (ExternalException exception)
        {
            throw new InvalidModelException(
                $"{name}: libtorch cannot load this TorchScript archive: {LibTorchError.FirstLine(exception).TrimEnd('.', ':')}. "
                + "Export the model without what this names, or by a PyTorch that is not newer than libtorch here.",
                exception);
        }

        try
        {
            Bind(module, tensors, source, name);
            return module;
        }
        catch
        {
            ModuleDisposal.Release(module);
            throw;
        }
    }

    /// <summary>
    /// Has a script list its parameters and buffers as the one that was put did. In a skeleton they are plain attributes, which TorchSharp
    /// does not list; what is registered here is the script's own tensors, frozen.
    /// </summary>
    public static void Register(torch.jit.ScriptModule module, IReadOnlyList<TensorEntry> tensors)
    {
        var known = ((torch.nn.Module)module).state_dict();
        var roles = tensors.SelectMany(entry => entry.Aliases.Prepend(entry.Name), (entry, name) => (name, entry.Role)).ToDictionary();
        foreach (var (name, tensor) in module.named_attributes(true))
        {
            if (name is null)
            {
                // The listing pads itself with empty entries.
                continue;
            }

            var role = known.ContainsKey(name) ? TensorRole.Attribute : roles.GetValueOrDefault(name, TensorRole.Attribute);
            if (role == TensorRole.Parameter)
            {
                module.register_parameter(name, new Parameter(tensor.DetachFromDisposeScope(), requires_grad: false));
            }
            else if (role == TensorRole.Buffer)
            {
                module.register_buffer(name, tensor.DetachFromDisposeScope());
            }
            else
            {
                tensor.Dispose();
            }
        }
    }

    // Compiles all of the archive's code. In eval mode every module of it is visited, so that later visits find what they expect.
    private static unsafe torch.jit.ScriptModule Load(byte[] skeleton, torch.Device device)
    {
        fixed (byte* bytes = skeleton)
        {
            var native = TorchNative.THSJIT_load_byte_array((nint)bytes, skeleton.Length, (long)device.type, device.index);
            torch.CheckForErrors();
            var module = TorchInternals.AdoptScript(native);
            try
            {
                CheckedCall.Run(() => TorchNative.THSJIT_Module_eval(native));
                return module;
            }
            catch
            {
                TorchInternals.Handle(module).Dispose();
                throw;
            }
        }
    }

    private static void Bind(
        torch.jit.ScriptModule module, IReadOnlyList<TensorEntry> tensors, Func<TensorEntry, torch.Tensor> source, string name)
    {
        var state = State(module);
        var problems = new List<string>();
        foreach (var entry in tensors.Where(entry => entry.Offset is null))
        {
            using var view = source(entry);
            foreach (var alias in entry.Aliases.Prepend(entry.Name))
            {
                if (!state.TryGetValue(alias, out var target))
                {
                    problems.Add($"{alias}: the script has no such tensor");
                }
                else if (!target.shape.AsSpan().SequenceEqual(view.shape) || target.dtype != view.dtype)
                {
                    problems.Add(
                        $"{alias}: the script has {target.dtype}[{string.Join(", ", target.shape)}], the store "
                        + $"{view.dtype}[{string.Join(", ", view.shape)}]");
                }
                else
                {
                    target.requires_grad = false;
                    target.set_(view).Dispose();
                }
            }
        }

        foreach (var tensor in state.Values)
        {
            tensor.Dispose();
        }

        if (problems.Count > 0)
        {
            throw new BindingException(
                $"{name}: {problems.Count} tensors do not fit the script: {string.Join("; ", problems)}", [.. problems]);
        }
    }

    private static Dictionary<string, torch.Tensor> State(torch.jit.ScriptModule module)
    {
        var state = new Dictionary<string, torch.Tensor>(StringComparer.Ordinal);

        // All tensors are attributes of their modules; the listing pads itself with empty entries.
        foreach (var (name, tensor) in module.named_attributes(true))
        {
            if (name is not null && tensor is { IsInvalid: false })
            {
                state.TryAdd(name, tensor);
            }
        }

        foreach (var (name, parameter) in ((torch.nn.Module)module).named_parameters())
        {
            state.TryAdd(name, parameter);
        }

        foreach (var (name, buffer) in ((torch.nn.Module)module).named_buffers())
        {
            state.TryAdd(name, buffer);
        }

        return state;
    }
}
