using System.Collections.Frozen;
using System.ComponentModel;
using ZeroCopy.Calling;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;

namespace ZeroCopy.Shims;

/// <summary>
/// What a shim forwards to: one model of the store and the methods that may be called on it. Public only because generated shims, which
/// live in an assembly of their own, hold one; nothing for applications to use.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ShimTarget
{
    private static readonly ModelFunction RunMethod = static (target, argument) => ((MethodCall)argument!).Invoke(target);

    private readonly IModuleCalls _calls;
    private readonly FrozenSet<string> _methods;

    internal ShimTarget(string path, IModuleCalls calls, IEnumerable<string> methods)
    {
        Path = path;
        _calls = calls;
        _methods = methods.Append(MethodCall.Forward).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Where the module is in its pipeline; empty for a standalone module.</summary>
    internal string Path { get; }

    /// <summary>Whether its calls are tasks; otherwise they compute on the thread that calls.</summary>
    internal bool RunsTasks => _calls is ITaskCalls;

    /// <summary>Runs one call and waits for its answer: called by generated code.</summary>
    /// <exception cref="MethodNotAllowedException">The method is not among those that the wrapper allows.</exception>
    public object? Invoke(string method, object?[] arguments)
    {
        ArgumentNullException.ThrowIfNull(method);
        return _calls.Call(RunMethod, new MethodCall(Check(method), arguments));
    }

    /// <summary>Runs one task, where calls are tasks.</summary>
    internal Task<object?> InvokeAsync(string method, object?[] arguments, TimeSpan? timeout, CancellationToken cancellationToken) =>
        ((ITaskCalls)_calls).CallAsync(RunMethod, new MethodCall(Check(method), arguments), timeout, cancellationToken);

    private string Check(string method)
    {
        // The call goes by several names: TorchSharp's and Python's.
        var name = method is "call" or "__call__" ? MethodCall.Forward : method;
        if (!_methods.Contains(name))
        {
            throw new MethodNotAllowedException(
                $"Method '{method}' of {(Path.Length == 0 ? "the model" : $"'{Path}'")} may not be called as a task; allowed: "
                + $"{string.Join(", ", _methods.Order(StringComparer.Ordinal))}. Name it in methodNames when wrapping the model.", method);
        }

        return name;
    }
}
