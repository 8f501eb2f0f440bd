using System.Collections.Immutable;
using ZeroCopy.Clocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Settings;

/// <summary>
/// Settings of one pool: <c>zerocopy.inference.pools.NAME</c> over <c>zerocopy.inference.pool-defaults</c>. Code changes them with a
/// <c>with</c> expression.
/// </summary>
public sealed record PoolSettings
{
    /// <summary>
    /// The model of a pool that is declared in HOCON, which the host starts; null for one that code makes. Without a version: the newest.
    /// </summary>
    public ModelName? Model { get; internal init; }

    /// <summary>
    /// The method that calls of a declared pool mean where they name none; empty for the model's own, see <see cref="ModelSignature"/>.
    /// </summary>
    public string Method { get; internal init; } = "";

    /// <summary>
    /// Where the instances of a served model run, such as <c>cpu</c> or <c>cuda:1</c>. Code gives pools their device itself.
    /// </summary>
    public string Device { get; internal init; } = "cpu";

    /// <summary>Whether a declared pool whose <see cref="Model"/> has no version takes over newer ones.</summary>
    public bool Follow { get; internal init; } = true;

    /// <summary>Number of actors, or where a resizable pool starts.</summary>
    public int Size { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Threads that one operation of the model uses, the actor's own included: by default the processors divided among the actors (the most
    /// that a resizable pool may have), at least one.
    /// </summary>
    public int Threads
    {
        get => field > 0 ? field : Math.Max(1, Environment.ProcessorCount / (Resizer?.MaxSize ?? Size));
        init;
    }

    /// <summary>Who gets a call.</summary>
    public RoutingStrategy Router { get; init; } = RoutingStrategy.SmallestMailbox;

    /// <summary>Most calls that are queued or running.</summary>
    public int QueueCapacity { get; init; } = 4096;

    /// <summary>Time from call to answer where the caller gives none; null for no limit.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Null for a pool of a fixed size.</summary>
    public ResizerSettings? Resizer { get; init; }

    /// <summary>How loading is retried.</summary>
    public LoadSettings Load { get; init; } = new();

    /// <summary>
    /// Calls that an actor fails in a row, while others of its pool answer theirs, before it throws its instance away and loads another
    /// one; 0 for never.
    /// </summary>
    public int RenewAfterFailures { get; init; } = 5;

    /// <summary>Null where requests are not joined.</summary>
    public BatchingSettings? Batching { get; init; }

    /// <summary>Whether other processes may call the pool, which has to be callable by named tensors then.</summary>
    public bool Remote { get; init; }

    /// <summary>Whether metrics call the pool by its model: for one whose own name nobody knows, and is another each time.</summary>
    internal bool IsUnnamed { get; init; }

    /// <summary>Itself, checked: what code gives has not been through the checks of HOCON.</summary>
    /// <exception cref="InvalidSettingsException">A value is out of range.</exception>
    internal PoolSettings Checked(string name)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        Require(Size >= 1, $"{nameof(Size)} is {Size} but must be 1 or more");
        Require(QueueCapacity >= 1, $"{nameof(QueueCapacity)} is {QueueCapacity} but must be 1 or more");
        Require(Deadline is not { } limit || Durations.IsLimit(limit), $"{nameof(Deadline)} is {Deadline} but must be above zero, or null");
        Require(RenewAfterFailures >= 0, $"{nameof(RenewAfterFailures)} is {RenewAfterFailures} but must be 0 or more");
        Require(Load.Attempts >= 1, $"Load.{nameof(Load.Attempts)} is {Load.Attempts} but must be 1 or more");
        RequirePause(Load.MinBackoff, $"Load.{nameof(Load.MinBackoff)}");
        RequirePause(Load.MaxBackoff, $"Load.{nameof(Load.MaxBackoff)}");
        Require(
            Load.MaxBackoff >= Load.MinBackoff,
            $"Load.{nameof(Load.MaxBackoff)} is {Load.MaxBackoff} but must be {nameof(Load.MinBackoff)}, {Load.MinBackoff}, or longer");
        if (Resizer is { } resizer)
        {
            Require(
                resizer.MinSize >= 1 && resizer.MaxSize >= resizer.MinSize,
                $"the resizer's bounds are {resizer.MinSize} and {resizer.MaxSize} but must be 1 or more, and in order");
            Require(
                resizer.MessagesPerResize >= 1,
                $"Resizer.{nameof(resizer.MessagesPerResize)} is {resizer.MessagesPerResize} but must be 1 or more");
        }

        if (Batching is { } batching)
        {
            Require(batching.MaxRows >= 1, $"Batching.{nameof(batching.MaxRows)} is {batching.MaxRows} but must be 1 or more");
            RequirePause(batching.MaxDelay, $"Batching.{nameof(batching.MaxDelay)}");
            Require(
                Durations.IsPause(batching.DeadlineMargin),
                $"Batching.{nameof(batching.DeadlineMargin)} is {batching.DeadlineMargin} but must be zero, or {Durations.AboveZero}");
        }

        return problems.Count == 0 ? this : throw new InvalidSettingsException(problems.ToImmutable());

        void RequirePause(TimeSpan pause, string setting) =>
            Require(Durations.IsPauseAboveZero(pause), $"{setting} is {pause} but must be {Durations.AboveZero}");

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add($"pool '{name}': {problem}");
            }
        }
    }
}
