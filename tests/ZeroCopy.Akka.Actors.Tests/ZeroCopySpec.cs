using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests;

/// <summary>An actor system with the extension, whose clock a test drives.</summary>
public abstract class ZeroCopySpec : TestKit
{
    /// <summary>How long a test waits for something that must happen; only a failing test ever waits that long.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    protected ZeroCopySpec(string hocon = "")
        : this(new FakeTimeProvider(), hocon)
    {
    }

    private ZeroCopySpec(FakeTimeProvider clock, string hocon)
        : base(ActorSystemSetup.Create(
            BootstrapSetup.Create()
                .WithConfig(ConfigurationFactory.ParseString(hocon).WithFallback("akka.loglevel = OFF").WithFallback(DefaultConfig)),
            new ZeroCopySetup { TimeProvider = clock }))
    {
        Clock = clock;
        Zero = ZeroCopySystem.For(Sys);
    }

    protected FakeTimeProvider Clock { get; }

    protected ZeroCopySystem Zero { get; }

    protected static async Task<InferenceException> FailsAsync(InferenceFailure failure, Task call)
    {
        var thrown = await Assert.ThrowsAsync<InferenceException>(() => call.WaitAsync(Patience));
        Assert.Equal(failure, thrown.Failure);
        return thrown;
    }

    /// <summary>The call ends answered, or with a failure of its own type.</summary>
    protected static async Task EndsTypedAsync(Task call)
    {
        await Task.WhenAny(call).WaitAsync(Patience);
        Assert.True(call.IsCompletedSuccessfully || call.Exception?.InnerException is InferenceException, call.Exception?.ToString());
    }

    /// <summary>The call ends as .NET's own do where the caller's token fires.</summary>
    protected static async Task IsCancelledAsync(Task call, CancellationToken token)
    {
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
        Assert.Equal(token, thrown.CancellationToken);
        Assert.True(call.IsCanceled);
    }

    protected Task EventuallyAsync(Func<bool> condition) =>
        AwaitConditionAsync(() => Task.FromResult(condition()), Patience, TimeSpan.FromMilliseconds(5));
}
