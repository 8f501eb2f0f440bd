using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Binding;

/// <summary>
/// Makes a module's tensors views of a model's blocks. libtorch's <c>set_</c> checks neither shape nor type (it reinterprets the bytes), so
/// everything is checked here first, and nothing is changed where anything does not fit.
/// </summary>
internal static class Binder
{
    /// <summary>Binds, freezes (no gradients) and sets the module to eval. The module's former tensors are freed.</summary>
    /// <exception cref="BindingException">Names every tensor that is missing, surplus, or of another shape, type or device.</exception>
    public static void Bind(torch.nn.Module module, ImmutableArray<TensorEntry> entries, IViewSource views)
    {
        var state = ModuleState.Read(module);
        var targets = RequireFit(module, state, entries);
        using var frozen = torch.no_grad();
        var done = new HashSet<torch.Tensor>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < entries.Length; i++)
        {
            using var view = views.View(entries[i]);
            foreach (var target in targets[i] ?? [])
            {
                if (done.Add(target.Tensor))
                {
                    Set(target.Tensor, view);
                }
            }
        }

        foreach (var (_, tensor, _, _) in state)
        {
            tensor.DetachFromDisposeScope();
            if (tensor.requires_grad)
            {
                tensor.requires_grad = false;
            }
        }

        TorchInternals.SelfAndDescendants(module).ForEach(NativeWeights.DropUnused);
        module.eval();
    }

    /// <summary>Checks that every tensor has its place in the module, and changes nothing.</summary>
    /// <exception cref="BindingException">Names every tensor that is missing, surplus, or of another shape, type or device.</exception>
    public static void Check(torch.nn.Module module, ImmutableArray<TensorEntry> entries) =>
        RequireFit(module, ModuleState.Read(module), entries);

    private static List<StateTensor>?[] RequireFit(torch.nn.Module module, List<StateTensor> state, ImmutableArray<TensorEntry> entries)
    {
        var targets = new List<StateTensor>?[entries.Length];
        var problems = Match(state, entries, targets);
        return problems.Count == 0 ? targets : throw new BindingException(
            $"The model does not fit {module.GetType().Name}: {string.Join("; ", problems)}.", [.. problems]);
    }

    private static void Set(torch.Tensor target, torch.Tensor view)
    {
        if (target.device_type != DeviceType.META && !target.is_conj() && !target.is_neg())
        {
            target.set_(view);
            return;
        }

        // set_ cannot leave META, and leaves a lazy conjugate one of the new elements: the wrapper takes another native tensor, on the
        // view's storage.
        NativeWeights.Replace(target, view.detach());
    }

    private static List<string> Match(List<StateTensor> state, ImmutableArray<TensorEntry> entries, List<StateTensor>?[] targets)
    {
        var problems = new List<string>();
        var byName = new Dictionary<string, int>();
        for (var i = 0; i < entries.Length; i++)
        {
            byName[entries[i].Name] = i;
            foreach (var alias in entries[i].Aliases)
            {
                byName[alias] = i;
            }
        }

        var bound = new Dictionary<torch.Tensor, int>(ReferenceEqualityComparer.Instance);
        foreach (var tensor in state)
        {
            if (byName.TryGetValue(tensor.Name, out var index))
            {
                (targets[index] ??= []).Add(tensor);
                Check(tensor, entries[index], problems);
                if (bound.TryGetValue(tensor.Tensor, out var other) && !IsSame(entries[other], entries[index]))
                {
                    problems.Add(
                        $"{tensor.Name} is tied to {entries[other].Name} in the module, while the model has two different tensors");
                }

                bound[tensor.Tensor] = index;
            }
        }

        foreach (var tensor in state)
        {
            // A transient buffer is no part of a state dictionary, so the module's own value stays where the model brings none.
            var optional = tensor.Role == TensorRole.TransientBuffer && tensor.Tensor.device_type != DeviceType.META;
            if (!optional && !bound.ContainsKey(tensor.Tensor))
            {
                problems.Add($"{tensor.Name} is missing from the model");
            }
        }

        for (var i = 0; i < entries.Length; i++)
        {
            if (targets[i] is null && entries[i].Role != TensorRole.Attribute)
            {
                problems.Add($"{entries[i].Name} is surplus: the module has no such tensor");
            }
        }

        return problems;
    }

    // Equal blocks do for a tensor of two names; parts of one are other elements.
    private static bool IsSame(TensorEntry one, TensorEntry other) =>
        one.Block == other.Block && one.Offset == other.Offset && (one.Offset is null || one.Layout.Equals(other.Layout));

    private static void Check(StateTensor tensor, TensorEntry entry, List<string> problems)
    {
        var (name, target, _, ownedByNative) = tensor;
        if (!target.shape.AsSpan().SequenceEqual(entry.Layout.Shape.AsSpan()))
        {
            problems.Add(
                $"{name} has shape [{string.Join(", ", target.shape)}] in the module and [{string.Join(", ", entry.Layout.Shape)}] in the "
                + "model");
        }

        if (!entry.Layout.DType.IsInTorch())
        {
            problems.Add(
                $"{name} is {entry.Layout.DType.ToToken()} in the model, a type that libtorch has no tensors of: "
                + "convert it before the put");
        }
        else if (entry.ScalarType() is var type && target.dtype != type)
        {
            problems.Add($"{name} is {target.dtype.Name()} in the module and {type.Name()} in the model");
        }

        if (target.device_type == DeviceType.META && ownedByNative)
        {
            problems.Add($"{name} is on META inside a native layer, where it cannot be replaced: build that layer on the CPU");
        }
        else if (target.device_type is not (DeviceType.META or DeviceType.CPU))
        {
            problems.Add($"{name} is on {target.device}: bind on the CPU, then move");
        }
    }
}
