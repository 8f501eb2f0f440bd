using System.Collections;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Torch.Skeletons;

namespace ZeroCopy.Torch.Running;

/// <summary>Finds the tensors of an answer.</summary>
internal static class Answers
{
    /// <summary>Takes every tensor that is reachable from the answer out of the current dispose scope: the caller owns it.</summary>
    public static void MoveOut(object? answer)
    {
        if (answer is torch.Tensor tensor)
        {
            tensor.MoveToOuterDisposeScope();
        }
        else if (answer is not null)
        {
            MoveOut(answer, new HashSet<object>(ReferenceEqualityComparer.Instance));
        }
    }

    private static void MoveOut(object? value, HashSet<object> seen)
    {
        switch (value)
        {
            case null or string or torch.nn.Module:
                return;
            case torch.Tensor tensor:
                tensor.MoveToOuterDisposeScope();
                return;
            case ITuple tuple:
                for (var i = 0; i < tuple.Length; i++)
                {
                    MoveOut(tuple[i], seen);
                }

                return;
            case IDictionary dictionary when seen.Add(value):
                foreach (var item in dictionary.Values)
                {
                    MoveOut(item, seen);
                }

                return;
            case Array array when !TypeRules.LeadsToObjects(array.GetType().GetElementType()!):
                return;
            case ICollection collection when seen.Add(value):
                foreach (var item in collection)
                {
                    MoveOut(item, seen);
                }

                return;
            default:
                MoveOutFields(value, seen);
                return;
        }
    }

    /// <summary>Records and other answers of the model's own.</summary>
    private static void MoveOutFields(object value, HashSet<object> seen)
    {
        var plan = ClonePlans.For(value.GetType());
        if (plan.Kind == CloneKind.Object && !TypeRules.IsPlatform(value.GetType()) && seen.Add(value))
        {
            foreach (var field in plan.Fields)
            {
                MoveOut(field.GetValue(value), seen);
            }
        }
    }
}
