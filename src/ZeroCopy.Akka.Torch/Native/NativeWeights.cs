using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// The weights of native layers that can be set from outside: those of embeddings and recurrent cells. libtorch registers the tensor that
/// such a layer was made with, and keeps it registered when another one is set in its place, be it by the property or by
/// <c>Embedding_from_pretrained</c>; the layer computes with what was set. So what is registered need not be what counts.
/// </summary>
internal static class NativeWeights
{
    private static readonly ConcurrentDictionary<Type, List<PropertyInfo>> Properties = new();
    private static readonly Lock Registering = new();

    /// <summary>
    /// Lets the wrappers that the layer's managed side has registered be those of the tensors that it computes with. The wrapper stays the
    /// same, wherever it is held, and what the layer answers does too.
    /// </summary>
    public static void RegisterEffective(torch.nn.Module layer)
    {
        lock (Registering)
        {
            foreach (var (_, registered, effective) in Of(layer))
            {
                if (!IsSame(registered, effective))
                {
                    Replace(registered, effective);
                }

                effective.Dispose();
            }
        }
    }

    /// <summary>Frees the memory of tensors that libtorch has registered and the layer does not compute with.</summary>
    public static void DropUnused(torch.nn.Module layer)
    {
        var weights = Of(layer).ToDictionary(weight => weight.Property.Name, weight => weight.Effective);
        if (weights.Count == 0)
        {
            return;
        }

        using var frozen = torch.no_grad();
        foreach (var (name, known) in TorchInternals.NativeParameters(layer))
        {
            if (weights.TryGetValue(name, out var effective) && !IsSame(known, effective))
            {
                using var none = torch.empty(0, dtype: known.dtype, device: known.device);
                known.set_(none).Dispose();
            }

            known.Dispose();
        }

        foreach (var effective in weights.Values)
        {
            effective.Dispose();
        }
    }

    /// <summary>
    /// Has the layer compute with the tensors that its managed side has registered, after <paramref name="follow"/> has put the wrapper of
    /// one right where <paramref name="isRight"/> says that the tensor in use is not.
    /// </summary>
    public static void Reset(torch.nn.Module layer, Func<torch.Tensor, bool> isRight, Action<torch.Tensor> follow)
    {
        foreach (var (property, registered, effective) in Of(layer))
        {
            using (effective)
            {
                if (!isRight(effective))
                {
                    follow(registered);
                    property.SetValue(layer, registered);
                }
            }
        }
    }

    /// <summary>The wrapper stays, wherever it is held, and takes another native tensor; the old one is freed.</summary>
    public static void Replace(torch.Tensor target, torch.Tensor other)
    {
        ref var left = ref TorchInternals.TensorHandle(target);
        ref var right = ref TorchInternals.TensorHandle(other);
        (left, right) = (right, left);
        other.Dispose();
    }

    private static List<(PropertyInfo Property, Parameter Registered, Parameter Effective)> Of(torch.nn.Module layer)
    {
        var found = new List<(PropertyInfo, Parameter, Parameter)>();
        if (!TorchInternals.IsNative(layer) || Properties.GetOrAdd(layer.GetType(), Settable) is not { Count: > 0 } properties)
        {
            return found;
        }

        var registered = TorchInternals.Parameters(layer).ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        foreach (var property in properties)
        {
            if (registered.TryGetValue(property.Name, out var known) && !known.IsInvalid && property.GetValue(layer) is Parameter effective)
            {
                found.Add((property, known, (Parameter)effective.DetachFromDisposeScope()));
            }
        }

        return found;
    }

    private static List<PropertyInfo> Settable(Type type) =>
        type.Assembly != typeof(torch).Assembly ? [] :
        [
            .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .Where(property => property.PropertyType == typeof(Parameter) && property.CanRead && property.CanWrite),
        ];

    // Tensors without memory of their own, on META or empty, have no address to tell them apart by.
    private static bool IsSame(torch.Tensor one, torch.Tensor other) =>
        one.device_type == other.device_type && one.dtype == other.dtype && TorchNative.Data(one) == TorchNative.Data(other)
        && one.shape.AsSpan().SequenceEqual(other.shape);
}
