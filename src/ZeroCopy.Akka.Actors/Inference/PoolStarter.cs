using Akka.Actor;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Routing;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Inference;

/// <summary>Starts pools under one <see cref="PoolsActor"/>. Thread-safe.</summary>
/// <param name="parent">That actor.</param>
/// <param name="drainLimit">How long a pool's drain lets calls finish where nobody says anything else.</param>
/// <param name="clock">Behind deadlines and batches.</param>
/// <param name="ended">Ends when the parent has stopped.</param>
internal sealed class PoolStarter(IActorRef parent, TimeSpan drainLimit, TimeProvider clock, Task ended)
{
    /// <summary>A pool, whose actors begin to load.</summary>
    /// <param name="plan">The pool.</param>
    /// <param name="onStopped">Runs when its last actor has stopped.</param>
    /// <exception cref="Errors.InferenceException">The actors have stopped: <see cref="Errors.InferenceFailure.ShuttingDown"/>.</exception>
    /// <exception cref="InvalidActorNameException">The name cannot be one of an actor.</exception>
    /// <exception cref="ArgumentException">The settings say that requests are padded, and the codec does not.</exception>
    public async Task<InferencePool> StartAsync(PoolPlan plan, Action onStopped)
    {
        var settings = plan.Settings;
        var context = new PoolContext(
            plan.Name,
            plan.Source,
            plan.Function,
            Codec(plan),
            settings,
            new CallLedger($"pool {plan.Name}", settings.QueueCapacity, plan.SettingsPath, clock)
            {
                Telemetry = new ModelTelemetry(plan.Model, plan.Version),
            },
            new PoolReadiness(),
            PoolRouter.Of(settings.Router).CountsLoads ? new ActorLoads() : null,
            new JoinedKinds(settings.Batching?.Verify ?? true))
        {
            AsyncFunction = plan.AsyncFunction,
            ActorName = plan.ActorName,
            Version = plan.Version,
            ModelId = plan.ModelId,
        };
        var router = new TaskCompletionSource<IActorRef>(TaskCreationOptions.RunContinuationsAsynchronously);
        parent.Tell(new PoolsActor.Create(context, router), ActorRefs.NoSender);
        if (await Task.WhenAny(router.Task, ended).ConfigureAwait(false) != router.Task)
        {
            // Nobody is left who would make it.
            throw PoolsActor.Ended(plan.Name);
        }

        return new InferencePool(context, await router.Task.ConfigureAwait(false), drainLimit, onStopped);
    }

    private static IBatchCodec? Codec(PoolPlan plan) => plan.Settings.Batching?.Padding is { } padding && plan.Codec is { } codec
        ? codec.WithPadding(padding) ?? throw new ArgumentException(
            $"Pool '{plan.Name}' has batching.pad-buckets, and its codec, a {codec.GetType().Name}, does not pad: only requests of named "
            + "tensors are padded. Take the buckets out.", nameof(plan))
        : plan.Codec;
}
