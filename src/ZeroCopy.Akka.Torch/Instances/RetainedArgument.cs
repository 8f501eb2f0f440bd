using System.Collections;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Cloning;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// Own references to the tensors of an argument, which stays its owner's: a second owner of each native tensor, in a second wrapper. What
/// holds tensors is copied around them; everything else in the argument stays the very same object.
/// </summary>
internal static class RetainedArgument
{
    /// <summary>Larger ones are graphs that lead into the application: looking through them would take longer than most calls.</summary>
    private const int MostObjects = 10_000;

    private static readonly ConcurrentDictionary<Type, bool> WithoutTensors = new();

    /// <inheritdoc cref="ZeroCopy.Runtime.IInstanceSource.TryRetain"/>
    public static bool TryTake(ref object? argument, out IDisposable? retained)
    {
        retained = null;
        if (argument is null || HasNoTensors(argument.GetType()))
        {
            return true;
        }

        switch (argument)
        {
            case torch.Tensor tensor:
                var alias = Alias(tensor);
                argument = alias;
                retained = alias;
                return true;
            case ICallArguments call:
                object? values = call.Values;
                if (!TryTake(ref values, out retained))
                {
                    return false;
                }

                argument = retained is null ? argument : call.With((object?[])values!);
                return true;
            case object?[] items when items.All(static item => item is null or torch.Tensor || HasNoTensors(item.GetType())):
                TakeItems(ref argument, items, out retained);
                return true;
            default:
                return TryCopy(ref argument, out retained);
        }
    }

    private static void TakeItems(ref object? argument, object?[] items, out IDisposable? retained)
    {
        retained = null;
        if (!items.Any(static item => item is torch.Tensor))
        {
            return;
        }

        var own = new Aliases();
        var copies = (object?[])items.Clone();
        try
        {
            for (var i = 0; i < copies.Length; i++)
            {
                copies[i] = copies[i] is torch.Tensor tensor ? own.Of(tensor) : copies[i];
            }
        }
        catch
        {
            own.Dispose();
            throw;
        }

        argument = copies;
        retained = own;
    }

    private static bool TryCopy(ref object? argument, out IDisposable? retained)
    {
        retained = null;
        var scan = new Scan();
        if (!scan.TryVisit(argument, out var holds))
        {
            return false;
        }

        if (!holds || scan.Tensors.Count == 0)
        {
            return true;
        }

        var own = new Aliases();
        try
        {
            using var session = new CloneSession(argument!, privateBuffers: false) { StructureOnly = true };
            foreach (var shared in scan.WithoutTensors)
            {
                session.Remember(shared, shared);
            }

            foreach (var tensor in scan.Tensors)
            {
                session.Remember(tensor, own.Of(tensor));
            }

            argument = session.Visit(argument, "argument")!;
            retained = own;
            return true;
        }
        catch (CloneRefusedException)
        {
            own.Dispose();
            return false;
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    // Of a lazily conjugated tensor, which has no second owner, this is a copy.
    private static torch.Tensor Alias(torch.Tensor tensor) => NativeClones.Alias(tensor, TensorSharing.SameTensor);

    /// <summary>Whether an object of exactly that type holds no tensor, whatever is in it.</summary>
    private static bool HasNoTensors(Type type) => WithoutTensors.GetOrAdd(type, static type => HasNoTensors(type, []));

    private static bool HasNoTensors(Type type, HashSet<Type> around)
    {
        if (!TypeRules.LeadsToObjects(type) || type == typeof(HostTensor) || !around.Add(type))
        {
            return true;
        }

        if (type.Assembly == typeof(torch).Assembly
            || typeof(torch.nn.Module).IsAssignableFrom(type)
            || typeof(torch.Tensor).IsAssignableFrom(type)
            || typeof(Delegate).IsAssignableFrom(type))
        {
            return false;
        }

        return type.IsArray
            ? IsSealedWithout(type.GetElementType()!)
            : TypeRules.Fields(type).All(field => IsSealedWithout(field.FieldType));

        bool IsSealedWithout(Type declared) => (declared.IsValueType || declared.IsSealed) && HasNoTensors(declared, around);
    }

    /// <summary>Looks for tensors, and for what nobody can hold on to.</summary>
    private sealed class Scan
    {
        // Null while an object is looked through.
        private readonly Dictionary<object, bool?> _seen = new(ReferenceEqualityComparer.Instance);

        public HashSet<torch.Tensor> Tensors { get; } = new(ReferenceEqualityComparer.Instance);

        public IEnumerable<object> WithoutTensors => _seen.Where(static item => item.Value == false).Select(static item => item.Key);

        /// <summary>False where there is something in it that can neither be held on to nor copied.</summary>
        public bool TryVisit(object? value, out bool holds)
        {
            holds = value is torch.Tensor;
            if (value is torch.Tensor tensor)
            {
                Tensors.Add(tensor);
                return true;
            }

            if (value is null or string
                || (value is Delegate { HasSingleTarget: true } code && (code.Target is null || HasNoTensors(code.Target.GetType()))))
            {
                return true;
            }

            var type = value.GetType();
            if (HasNoTensors(type))
            {
                if (!type.IsValueType)
                {
                    _seen[value] = false;
                }

                return true;
            }

            if (value is Delegate or torch.nn.Module || (value is IDisposable && type.Assembly == typeof(torch).Assembly)
                || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            {
                return false;
            }

            if (type.IsValueType)
            {
                return TryVisitParts(value, type, out holds);
            }

            if (_seen.TryGetValue(value, out var known))
            {
                // What leads back to where it came from is taken for a holder of what is there.
                holds = known ?? true;
                return true;
            }

            if (_seen.Count >= MostObjects)
            {
                return false;
            }

            _seen[value] = null;
            if (!TryVisitParts(value, type, out holds))
            {
                return false;
            }

            _seen[value] = holds;
            return true;
        }

        private bool TryVisitParts(object value, Type type, out bool holds)
        {
            holds = false;
            var plan = ClonePlans.For(type);
            switch (plan.Kind)
            {
                case CloneKind.Object:
                    foreach (var field in plan.Fields)
                    {
                        if (!TryVisit(field.GetValue(value), out var here))
                        {
                            return false;
                        }

                        holds |= here;
                    }

                    return true;
                case CloneKind.Array or CloneKind.Dictionary or CloneKind.Set:
                    foreach (var item in (IEnumerable)value)
                    {
                        if (!TryVisit(item, out var here))
                        {
                            return false;
                        }

                        holds |= here;
                    }

                    return true;
                default:
                    // What is not copied: it may have a tensor where its type says so.
                    return !Names(type) && (TypeRules.IsPlatform(type) || plan.Kind != CloneKind.Refuse || !TypeRules.Fields(type).Any(
                        field => !TryVisit(field.GetValue(value), out var here) || here));
            }
        }

        /// <summary>Whether a generic argument stands for a tensor, as in a lazily made one or in a query.</summary>
        private static bool Names(Type type) =>
            type.IsGenericType && type.GetGenericArguments().Any(argument => argument.IsAssignableFrom(typeof(torch.Tensor))
                || typeof(torch.Tensor).IsAssignableFrom(argument) || Names(argument));
    }

    /// <summary>Second wrappers, one for each tensor.</summary>
    private sealed class Aliases : IDisposable
    {
        private readonly List<torch.Tensor> _own = [];

        public torch.Tensor Of(torch.Tensor tensor)
        {
            var alias = Alias(tensor);
            _own.Add(alias);
            return alias;
        }

        public void Dispose() => _own.ForEach(static alias => alias.Dispose());
    }
}
