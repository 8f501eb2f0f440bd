using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Inference;

/// <summary>A pool over a fake model that a test can hold in the middle of a call.</summary>
public abstract class PoolSpec(string hocon = "") : ZeroCopySpec(hocon)
{
    /// <summary>Lets the calls of <see cref="Blocked"/> go on.</summary>
    protected ManualResetEventSlim Gate { get; } = new();

    /// <summary>Counts the calls that <see cref="Blocked"/> has begun.</summary>
    protected SemaphoreSlim Entered { get; } = new(0);

    protected static CallOptions Given { get; } = new() { Ownership = ArgumentOwnership.Give };

    private protected FakeSource Source { get; set; } = new();

    protected object? Blocked(object target, object? argument)
    {
        Entered.Release();
        Assert.True(Gate.Wait(Patience));
        return argument;
    }

    private protected Task<InferencePool> PoolAsync(
        ModelFunction function,
        int? size = 1,
        Func<PoolSettings, PoolSettings>? configure = null,
        IBatchCodec? codec = null,
        string name = "spec") =>
        Zero.CreatePoolAsync(
            name,
            Source,
            function,
            codec,
            settings => (configure ?? (same => same))(size is { } actors ? settings with { Size = actors } : settings));

    /// <summary>
    /// Has callers keep the threads that they go on on, while another one is served. The pool runs <see cref="Blocked"/>.
    /// </summary>
    protected async Task BlockAndServeAsync(InferencePool pool)
    {
        using var answered = new ManualResetEventSlim();
        // One more than the threads that compute, or that the thread pool starts at once: it adds others slowly.
        var blocking = Enumerable.Range(0, Environment.ProcessorCount + 1).Select(async i =>
        {
            await pool.CallAsync(i).ConfigureAwait(false);
            Assert.True(answered.Wait(Patience));
        }).ToArray();
        // Not before: who has an answer when it awaits it goes on on this thread.
        Gate.Set();
        Assert.Equal("other", await pool.CallAsync("other").WaitAsync(Patience));
        answered.Set();
        await Task.WhenAll(blocking).WaitAsync(Patience);
    }

    protected async Task EndAsync(InferencePool pool)
    {
        await pool.DrainAsync().WaitAsync(Patience);
        Assert.Equal(0, Source.Out);
        Assert.Equal(0, pool.Pending);
    }
}
