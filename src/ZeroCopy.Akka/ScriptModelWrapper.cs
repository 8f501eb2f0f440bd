using TorchSharp;
using ZeroCopy.Manifests;

namespace ZeroCopy;

/// <summary>
/// The twin of <see cref="ModelWrapper"/> for TorchScript modules: it wraps only those, and leaves every other module of a pipeline to the
/// process that loads it. Wrappers are of the same type and used in the same way.
/// </summary>
public static class ScriptModelWrapper
{
    /// <summary>
    /// Puts the TorchScript modules of a model or pipeline into the store: weights as shared blocks, code as a skeleton without weights.
    /// </summary>
    /// <inheritdoc cref="ModelWrapper.FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="ModelWrapper.FromModelAsync{T}" path="/exception"/>
    public static Task<ModelWrapper<T>> FromModelAsync<T>(
        T model, WrapMode mode = WrapMode.Actor, IEnumerable<string>? modelAttributeNames = null, IEnumerable<string>? methodNames = null,
        ZeroCopyHost? host = null, ModelName? name = null, CancellationToken cancellationToken = default)
        where T : class =>
        model is torch.nn.Module and not torch.jit.ScriptModule
        ? throw new ArgumentException(
            $"{model.GetType()} is no TorchScript module: wrap it with {nameof(ModelWrapper)}, which takes modules of every kind.",
            nameof(model))
        : ModelWrapper.WrapAsync(
            model,
            ModelWrapper.Request<T>(mode, modelAttributeNames, methodNames, name, handOver: false, scriptsOnly: true),
            host,
            cancellationToken);

    /// <summary>
    /// Wraps in task mode and loads: each call of <c>forward</c> (<c>__call__</c>) of a TorchScript module runs as a task.
    /// </summary>
    /// <inheritdoc cref="ModelWrapper.FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="ModelWrapper.FromModelAsync{T}" path="/exception"/>
    public static async Task<T> ForTasksAsync<T>(
        T model, IEnumerable<string>? methodNames = null, IEnumerable<string>? modelAttributeNames = null, ZeroCopyHost? host = null,
        CancellationToken cancellationToken = default)
        where T : class =>
        (await FromModelAsync(model, WrapMode.Task, modelAttributeNames, methodNames, host, null, cancellationToken)
            .ConfigureAwait(false)).Load();
}
