using System.Collections;
using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Cloning;
using PackedSequence = TorchSharp.torch.nn.utils.rnn.PackedSequence;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// Finds the native memory of an answer, or of a request: tensors and packed sequences, alone or in tuples, collections, records and
/// classes of the model's own, nested at will. Modules are not entered: what they hold is theirs.
/// </summary>
internal static class Answers
{
    /// <summary>Takes everything out of the current dispose scope, into the one around it: the caller owns it.</summary>
    public static void MoveOut(object? answer) => ForEach(answer, static held =>
    {
        if (held is torch.Tensor tensor)
        {
            tensor.MoveToOuterDisposeScope();
        }
        else
        {
            ((PackedSequence)held).MoveToOuterDisposeScope();
        }
    });

    /// <summary>Disposes everything, and with it an answer that is disposable itself.</summary>
    public static void Release(object? answer)
    {
        ForEach(answer, static held => held.Dispose());
        if (answer is not torch.Tensor)
        {
            (answer as IDisposable)?.Dispose();
        }
    }

    /// <summary>Acts on everything that is found.</summary>
    /// <param name="value">Where to look.</param>
    /// <param name="action">What to do with a tensor or a packed sequence.</param>
    /// <param name="modules">Whether modules are entered.</param>
    /// <param name="except">An object that is not entered, wherever it is held.</param>
    public static void ForEach(object? value, Action<IDisposable> action, bool modules = false, object? except = null)
    {
        if (value is torch.Tensor tensor)
        {
            action(tensor);
        }
        else if (value is HostAnswer)
        {
            return;
        }
        else if (value is ICallArguments call)
        {
            // What describes the call beside its arguments holds nothing.
            HashSet<object>? seen = null;
            foreach (var argument in call.Values)
            {
                if (argument is torch.Tensor input)
                {
                    action(input);
                }
                else if (argument is not (null or IConvertible or HostTensor))
                {
                    Visit(argument, action, modules, seen ??= Seen(except));
                }
            }
        }
        else if (value is not null)
        {
            Visit(value, action, modules, Seen(except));
        }
    }

    private static HashSet<object> Seen(object? except)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        if (except is not null)
        {
            seen.Add(except);
        }

        return seen;
    }

    private static void Visit(object? value, Action<IDisposable> action, bool modules, HashSet<object> seen)
    {
        switch (value)
        {
            case null or string:
                return;
            case torch.nn.Module when !modules:
                return;
            case torch.Tensor or PackedSequence:
                action((IDisposable)value);
                return;
        }

        var type = value.GetType();
        var plan = ClonePlans.For(type);
        if (plan.Kind == CloneKind.Share || (!type.IsValueType && !seen.Add(value)))
        {
            return;
        }

        switch (plan.Kind)
        {
            case CloneKind.Object or CloneKind.Module:
                foreach (var field in plan.Fields)
                {
                    Visit(field.GetValue(value), action, modules, seen);
                }

                break;
            case CloneKind.Array when !TypeRules.LeadsToObjects(type.GetElementType()!):
                break;

            // What is refused a clone may be a container none the less.
            case CloneKind.Array or CloneKind.Dictionary or CloneKind.Set or CloneKind.Refuse when value is IEnumerable items:
                foreach (var item in items)
                {
                    Visit(item, action, modules, seen);
                }

                break;
        }
    }
}
