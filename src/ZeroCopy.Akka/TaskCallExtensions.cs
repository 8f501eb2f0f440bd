using TorchSharp;
using ZeroCopy.Calling;
using ZeroCopy.Errors;
using ZeroCopy.Shims;

namespace ZeroCopy;

/// <summary>Asynchronous calls of modules that run as tasks (<see cref="ModelWrapper"/> in task mode).</summary>
public static class TaskCallExtensions
{
    /// <summary>Runs the module's call as one task.</summary>
    /// <param name="module">A module that a wrapper in task mode returned.</param>
    /// <param name="input">The input, which stays the caller's.</param>
    /// <param name="timeout">How long the answer may take; null for the setting <c>zerocopy.tasks</c>.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <returns>The answer, which is the caller's to dispose.</returns>
    /// <exception cref="ArgumentException">The module runs in this process, not as a task.</exception>
    /// <exception cref="InferenceException">The model threw, or the deadline passed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<TResult> CallAsync<T, TResult>(
        this torch.nn.Module<T, TResult> module, T input, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        (TResult)(await Target(module).InvokeAsync(MethodCall.Forward, [input], timeout, cancellationToken).ConfigureAwait(false))!;

    /// <inheritdoc cref="CallAsync{T, TResult}(torch.nn.Module{T, TResult}, T, TimeSpan?, CancellationToken)"/>
    public static async Task<TResult> CallAsync<T1, T2, TResult>(
        this torch.nn.Module<T1, T2, TResult> module,
        T1 first,
        T2 second,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        (TResult)(await Target(module).InvokeAsync(MethodCall.Forward, [first, second], timeout, cancellationToken).ConfigureAwait(false))!;

    /// <summary>Runs a script's call as one task. Its own <c>call</c> and <c>forward</c> run in this process, on the shared
    /// weights.</summary>
    /// <param name="script">A script that a wrapper in task mode returned.</param>
    /// <param name="input">The input, which stays the caller's.</param>
    /// <param name="timeout">How long the answer may take; null for the setting <c>zerocopy.tasks</c>.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <inheritdoc cref="CallAsync{T, TResult}(torch.nn.Module{T, TResult}, T, TimeSpan?, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="CallAsync{T, TResult}(torch.nn.Module{T, TResult}, T, TimeSpan?, CancellationToken)" path="/exception"/>
    public static async Task<TResult> CallAsync<T, TResult>(
        this torch.jit.ScriptModule<T, TResult> script, T input, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        (TResult)(await Target(script).InvokeAsync(MethodCall.Forward, [input], timeout, cancellationToken).ConfigureAwait(false))!;

    /// <inheritdoc cref="CallAsync{T, TResult}(torch.jit.ScriptModule{T, TResult}, T, TimeSpan?, CancellationToken)"/>
    public static async Task<TResult> CallAsync<T1, T2, TResult>(
        this torch.jit.ScriptModule<T1, T2, TResult> script, T1 first, T2 second, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        (TResult)(await Target(script).InvokeAsync(MethodCall.Forward, [first, second], timeout, cancellationToken).ConfigureAwait(false))!;

    /// <summary>Runs an allowed public method of the module as one task.</summary>
    /// <param name="module">A module that a wrapper in task mode returned.</param>
    /// <param name="method">The method's name; <c>forward</c>, <c>call</c> and <c>__call__</c> are the call itself.</param>
    /// <param name="arguments">The arguments, which stay the caller's; null values are fine.</param>
    /// <param name="timeout">How long the answer may take; null for the setting <c>zerocopy.tasks</c>.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <exception cref="MethodNotAllowedException">The method is private, unknown, or was not named when the model was wrapped.</exception>
    /// <exception cref="ArgumentException">The module runs in this process, not as a task.</exception>
    /// <exception cref="InferenceException">The model threw, or the deadline passed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<TResult> InvokeAsync<TResult>(
        this torch.nn.Module module, string method, IReadOnlyList<object?> arguments, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(arguments);
        return (TResult)(await Target(module).InvokeAsync(method, [.. arguments], timeout, cancellationToken).ConfigureAwait(false))!;
    }

    private static ShimTarget Target(torch.nn.Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return ShimFactory.TargetOf(module) is { RunsTasks: true } target ? target : throw new ArgumentException(
            $"{module.GetType()} runs in this process; only modules of a wrapper in task mode are called asynchronously. Call it directly.",
            nameof(module));
    }
}
