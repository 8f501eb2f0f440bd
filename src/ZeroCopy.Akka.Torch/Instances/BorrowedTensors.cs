using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// The tensors of an answer that are somebody else's: the argument's, or the model's own, such as a weight. The caller disposes the answer,
/// so it gets aliases of them.
/// </summary>
internal static class BorrowedTensors
{
    /// <summary>The answer, or a copy of it with aliases in place of such tensors, which are made in <paramref name="scope"/>.</summary>
    /// <param name="answer">What a function answered; it is left as it is.</param>
    /// <param name="scope">The scope that the function ran in: what it owns was made by the call.</param>
    /// <param name="target">The model or pipeline.</param>
    /// <param name="argument">What the function was given.</param>
    /// <exception cref="CloneRefusedException">Such a tensor is inside something that cannot be copied.</exception>
    public static object? Replace(object? answer, DisposeScope scope, object target, object? argument)
    {
        if (answer is torch.Tensor single)
        {
            return IsBorrowed(single, scope, target, argument) ? Alias(single, scope) : single;
        }

        HashSet<torch.Tensor>? borrowed = null;
        Answers.ForEach(answer, held =>
        {
            if (held is torch.Tensor tensor && IsBorrowed(tensor, scope, target, argument))
            {
                (borrowed ??= new(ReferenceEqualityComparer.Instance)).Add(tensor);
            }
        }, except: target);
        return borrowed is null ? answer : Copy(answer!, borrowed, scope, target);
    }

    private static bool IsBorrowed(torch.Tensor tensor, DisposeScope scope, object target, object? argument)
    {
        var owner = TorchInternals.OwningScope(tensor);
        if (owner == scope || tensor.IsInvalid)
        {
            return false;
        }

        // A function may take a tensor that it made out of all scopes: so one without a scope is somebody else's only if that somebody
        // holds it.
        return owner is not null || IsHeldBy(argument, tensor) || IsHeldBy(target, tensor);
    }

    private static bool IsHeldBy(object? holder, torch.Tensor tensor)
    {
        var found = false;
        Answers.ForEach(holder, held => found |= ReferenceEquals(held, tensor), modules: true);
        return found;
    }

    private static object Copy(object answer, HashSet<torch.Tensor> borrowed, DisposeScope scope, object target)
    {
        using var session = new CloneSession(answer, privateBuffers: false) { StructureOnly = true };
        session.Remember(target, target);
        foreach (var tensor in borrowed)
        {
            session.Remember(tensor, Alias(tensor, scope));
        }

        try
        {
            return session.Visit(answer, "answer")!;
        }
        catch (CloneRefusedException refused)
        {
            throw new CloneRefusedException(
                $"The answer holds a tensor of the model or of the argument where it cannot be replaced: {refused.Message} "
                + "Answer with an alias() of it.",
                refused);
        }
    }

    // Of the same class: the place may be declared as a Parameter.
    private static torch.Tensor Alias(torch.Tensor tensor, DisposeScope scope)
    {
        var alias = NativeClones.Alias(tensor, TensorSharing.Storage);
        scope.Attach(alias);
        return alias;
    }
}
