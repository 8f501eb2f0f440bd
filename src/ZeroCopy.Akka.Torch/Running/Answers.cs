using System.Collections;
using TorchSharp;
using ZeroCopy.Torch.Skeletons;
using PackedSequence = TorchSharp.torch.nn.utils.rnn.PackedSequence;

namespace ZeroCopy.Torch.Running;

/// <summary>
/// Finds the native memory of an answer, or of a request: tensors and packed sequences, alone or in tuples, collections, records and classes of the
/// model's own, nested at will. Modules are not entered: what they hold is theirs.
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

    /// <summary>Disposes everything.</summary>
    public static void Dispose(object? answer) => ForEach(answer, static held => held.Dispose());

    private static void ForEach(object? value, Action<IDisposable> action)
    {
        if (value is torch.Tensor tensor)
        {
            action(tensor);
        }
        else if (value is not null)
        {
            Visit(value, action, new HashSet<object>(ReferenceEqualityComparer.Instance));
        }
    }

    private static void Visit(object? value, Action<IDisposable> action, HashSet<object> seen)
    {
        switch (value)
        {
            case null or string or torch.nn.Module:
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
            case CloneKind.Object:
                foreach (var field in plan.Fields)
                {
                    Visit(field.GetValue(value), action, seen);
                }

                break;
            case CloneKind.Array when !TypeRules.LeadsToObjects(type.GetElementType()!):
                break;

            // What is refused a clone may be a container none the less.
            case CloneKind.Array or CloneKind.Dictionary or CloneKind.Set or CloneKind.Refuse when value is IEnumerable items:
                foreach (var item in items)
                {
                    Visit(item, action, seen);
                }

                break;
        }
    }
}
