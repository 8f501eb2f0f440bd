namespace ZeroCopy.Actors.Calls;

/// <summary>
/// Marks what happens inside the function of a pool or a task, wherever that takes it: behind its awaits and in tasks that it starts, until
/// it ends.
/// </summary>
internal sealed class FunctionScope
{
    private static readonly AsyncLocal<FunctionScope?> Local = new();

    private volatile bool _ended;

    private FunctionScope(CallLedger? pool) => Pool = pool;

    /// <summary>The function that the calling code belongs to; null outside.</summary>
    public static FunctionScope? Current => Local.Value is { _ended: false } scope ? scope : null;

    /// <summary>The pool that cannot answer others until the function has ended; null for a task that none of a pool waits for.</summary>
    public CallLedger? Pool { get; }

    /// <summary>Begins on the calling thread, which ends it.</summary>
    public static FunctionScope Enter(CallLedger? pool) => Local.Value = new FunctionScope(pool);

    /// <summary>Ends it: what it has started and left does not count as its own any more.</summary>
    public void Exit()
    {
        _ended = true;
        Local.Value = null;
    }
}
