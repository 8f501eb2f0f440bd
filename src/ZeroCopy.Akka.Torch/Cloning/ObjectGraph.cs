namespace ZeroCopy.Torch.Cloning;

/// <summary>Clones whole object graphs, such as pipelines, by the rules of the cloner of modules.</summary>
internal static class ObjectGraph
{
    /// <summary>
    /// A copy of <paramref name="root"/> and everything below it in which each key of <paramref name="given"/> (told apart by reference: a
    /// module, a tensor, any object, the root itself) is replaced by its value wherever it is held. Other modules and tensors are cloned
    /// around the same storages.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.CloneRefusedException">
    /// Something in the graph cannot be cloned; the message names the member and the reason.
    /// </exception>
    public static object Clone(object root, IReadOnlyDictionary<object, object> given)
    {
        using var session = new CloneSession(root, privateBuffers: false);
        foreach (var (source, clone) in given)
        {
            session.Remember(source, clone);
        }

        return given.TryGetValue(root, out var replaced) ? replaced : ModuleCloner.Run(root, session, root.GetType().Name);
    }
}
