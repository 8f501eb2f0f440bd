using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Cloning;

/// <summary>
/// One walk over an object graph that clones it. Objects of assemblies that bring no module of the graph are shared, not cloned: a model's
/// closures lead to loggers and services that are none of its business. Not thread-safe. Dispose it when the walk is over.
/// </summary>
internal sealed class CloneSession : IDisposable
{
    // A model of a few hundred layers fills a table that the runtime counts as a large object: one made anew for each clone starts a full
    // collection every few dozen clones. The last session's table is used again.
    private static Dictionary<object, object>? _spare;

    private Dictionary<object, object> _clones = Interlocked.Exchange(ref _spare, null) ?? new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<torch.Tensor, TensorSharing> _sharing = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Assembly> _own = [typeof(torch).Assembly];
    private readonly HashSet<torch.nn.Module> _prepared = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<torch.nn.Module, torch.nn.Module> _natives = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<string> _path = new();

    // A tensor for each storage; null until one is met that no module registered.
    private Dictionary<nint, torch.Tensor>? _onStorage;
    private readonly bool _privateBuffers;

    public CloneSession(object root, bool privateBuffers)
    {
        _privateBuffers = privateBuffers;
        _own.Add(root.GetType().Assembly);
        if (root is torch.nn.Module module)
        {
            Prepare(module);
        }
    }

    /// <summary>Everything native that the clones own.</summary>
    public List<IDisposable> Owned { get; } = [];

    /// <summary>What clones of tensors have in common with them where no module registered them.</summary>
    public TensorSharing Unregistered { get; init; }

    /// <summary>
    /// Clones containers and plain objects only, of whatever assembly: modules and tensors stay as they are, but for those that were noted.
    /// </summary>
    public bool StructureOnly { get; init; }

    /// <summary>Notes whose native object the clone of a native layer takes: else it takes that of the layer itself.</summary>
    public void TakeNative(torch.nn.Module source, torch.nn.Module native) => _natives[source] = native;

    /// <summary>Clones a tensor as a wrapper of <paramref name="handle"/>, which the clone owns.</summary>
    public void TakeTensor(torch.Tensor source, nint handle)
    {
        var clone = NativeClones.Wrap(source, handle);
        Owned.Add(clone);
        Remember(source, clone);
    }

    /// <summary>Notes the clone of an object, so that every reference to the one becomes a reference to the other.</summary>
    public void Remember(object source, object clone) => _clones[source] = clone;

    /// <summary>Gives the table of this walk to the next one.</summary>
    public void Dispose()
    {
        var clones = _clones;
        _clones = null!;
        clones.Clear();
        _spare = clones;
    }

    /// <summary>Takes note of a module whose parts are cloned: its assembly, and the tensors that native layers hold.</summary>
    private void Prepare(torch.nn.Module root)
    {
        foreach (var module in TorchInternals.SelfAndDescendants(root))
        {
            _prepared.Add(module);
            _own.Add(module.GetType().Assembly);
            var native = TorchInternals.IsNative(module);
            foreach (var (_, parameter) in TorchInternals.Parameters(module))
            {
                Share(parameter, native ? TensorSharing.SameTensor : TensorSharing.Storage);
            }

            foreach (var (_, (buffer, _)) in TorchInternals.Buffers(module))
            {
                Share(buffer, native ? TensorSharing.SameTensor : _privateBuffers ? TensorSharing.Copy : TensorSharing.Storage);
            }
        }
    }

    /// <summary>The clone of a value, or the value itself where it is shared.</summary>
    /// <exception cref="CloneRefusedException">It cannot be cloned; the message names the member and the reason.</exception>
    public object? Visit(object? source, string member)
    {
        if (source is null or string)
        {
            return source;
        }

        var type = source.GetType();
        if (!type.IsValueType && _clones.TryGetValue(source, out var known))
        {
            return known;
        }

        var plan = ClonePlans.For(type);
        if (plan.Kind == CloneKind.Share || (StructureOnly && plan.Kind is CloneKind.Module or CloneKind.Tensor))
        {
            return source;
        }

        _path.Push(member);
        var clone = Clone(source, type, plan);
        _path.Pop();
        return clone;
    }

    private object Clone(object source, Type type, ClonePlan plan)
    {
        switch (plan.Kind)
        {
            case CloneKind.Module:
                if (!_prepared.Contains((torch.nn.Module)source))
                {
                    Prepare((torch.nn.Module)source);
                }

                var layer = (torch.nn.Module)source;
                var module = NativeClones.Module(layer, _natives.GetValueOrDefault(layer, layer), out var owner);
                Owned.Add(owner);
                Remember(source, module);
                CopyFields(plan, source, module);
                return module;
            case CloneKind.Tensor:
                var tensor = (torch.Tensor)source;
                var alias = _sharing.TryGetValue(tensor, out var sharing) || Unregistered != TensorSharing.Copy
                    ? NativeClones.Alias(tensor, sharing) : CopyOf(tensor);
                Owned.Add(alias);
                Remember(source, alias);
                return alias;
            case CloneKind.Array:
                return CloneArray((Array)source, type.GetElementType()!);
            case CloneKind.Dictionary or CloneKind.Set:
                return plan.Refill!(source, this);
            case CloneKind.Delegate:
                return CloneDelegate((Delegate)source, type);
            case CloneKind.Lock:
                var fresh = Activator.CreateInstance(type)!;
                Remember(source, fresh);
                return fresh;
            case CloneKind.Refuse:
                throw Refused(plan.Reason!);
            default:
                return CloneObject(source, type, plan);
        }
    }

    private CloneRefusedException Refused(string reason) =>
        new($"{string.Join('.', _path.Reverse())} cannot be cloned: {reason}.");

    private object CloneObject(object source, Type type, ClonePlan plan)
    {
        if (!StructureOnly && !TypeRules.IsPlatform(type) && !_own.Contains(type.Assembly))
        {
            return source;
        }

        // A boxed value is copied too: the source's box must keep its fields.
        var clone = TorchInternals.MemberwiseClone(source);
        if (!type.IsValueType)
        {
            Remember(source, clone);
        }

        CopyFields(plan, source, clone);
        return clone;
    }

    private void CopyFields(ClonePlan plan, object source, object clone)
    {
        foreach (var field in plan.Fields)
        {
            if (field.GetValue(source) is { } value && Visit(value, field.Name) is { } copy && !ReferenceEquals(value, copy))
            {
                field.SetValue(clone, copy);
            }
        }
    }

    /// <summary>
    /// A copy of a tensor that no module registered; over the memory of the clone of what is on the same storage, where something is.
    /// </summary>
    private torch.Tensor CopyOf(torch.Tensor source)
    {
        if (!HasStorage(source))
        {
            return NativeClones.Alias(source, TensorSharing.Copy);
        }

        if (_onStorage is null)
        {
            _onStorage = [];
            foreach (var registered in _sharing.Keys.Where(HasStorage))
            {
                _onStorage.TryAdd(TensorStorage.Address(registered), registered);
            }
        }

        var storage = TensorStorage.Address(source);
        if (_onStorage.TryGetValue(storage, out var other))
        {
            return NativeClones.Over(source, (torch.Tensor)Visit(other, "")!);
        }

        _onStorage.Add(storage, source);
        if (TensorStorage.IsFilledBy(source))
        {
            return NativeClones.Alias(source, TensorSharing.Copy);
        }

        using var bytes = TensorStorage.Bytes(source);
        using var copy = bytes.clone();
        return NativeClones.Over(source, copy);
    }

    // A lazy conjugate or negative is copied as what it stands for.
    private static bool HasStorage(torch.Tensor tensor) =>
        TensorStorage.IsUnder(tensor) && !tensor.is_conj() && !tensor.is_neg() && TensorStorage.Address(tensor) != 0;

    private Array CloneArray(Array source, Type element)
    {
        var clone = (Array)source.Clone();
        Remember(source, clone);
        if (!TypeRules.LeadsToObjects(element))
        {
            return clone;
        }

        if (source is object?[] items && clone is object?[] copies)
        {
            for (var i = 0; i < items.Length; i++)
            {
                // Lists have room at their end, and a model of thousands of layers has thousands of lists.
                copies[i] = items[i] is { } item and not string ? Visit(item, $"[{i}]") : items[i];
            }

            return clone;
        }

        var index = new int[source.Rank];
        for (long flat = 0; flat < source.LongLength; flat++)
        {
            var rest = flat;
            for (var dimension = source.Rank - 1; dimension >= 0; dimension--)
            {
                var length = source.GetLength(dimension);
                index[dimension] = (int)(rest % length) + source.GetLowerBound(dimension);
                rest /= length;
            }

            clone.SetValue(Visit(source.GetValue(index), "[]"), index);
        }

        return clone;
    }

    private Delegate CloneDelegate(Delegate source, Type type)
    {
        var calls = source.GetInvocationList();
        if (calls.Length > 1)
        {
            var combined = Delegate.Combine([.. calls.Select(call => (Delegate)Visit(call, "()")!)])!;
            Remember(source, combined);
            return combined;
        }

        // What is compiled at run time is bound to its target for good.
        if (source.Method is DynamicMethod || source.Method.DeclaringType is null)
        {
            throw Refused("a function that was compiled at run time cannot be copied");
        }

        var target = Visit(source.Target, "target");
        var clone = ReferenceEquals(target, source.Target) ? source : Delegate.CreateDelegate(type, target, source.Method);
        Remember(source, clone);
        return clone;
    }

    private void Share(torch.Tensor? tensor, TensorSharing sharing)
    {
        // Where a native layer and a managed one hold the same tensor, the native layer decides.
        if (tensor is not null && _sharing.GetValueOrDefault(tensor) != TensorSharing.SameTensor)
        {
            _sharing[tensor] = sharing;
        }
    }
}
