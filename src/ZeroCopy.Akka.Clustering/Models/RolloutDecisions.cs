using Akka.Actor;
using ZeroCopy.Clustering.Catalog;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Models;

/// <summary>Which version of a name somebody wants to be current, from the request until it is, or is given up. Not thread-safe.</summary>
/// <param name="view">What is known of the name.</param>
/// <param name="clock">Tells later decisions from earlier ones.</param>
internal sealed class RolloutDecisions(ModelView view, TimeProvider clock)
{
    // More than are asked for at once.
    private const int AnswersKept = 16;

    private readonly Queue<(IActorRef Sender, EntityReply Answer)> _answers = [];
    private Decision? _decision;

    /// <summary>The version that is wanted; null where nothing is under way.</summary>
    public int? Version => _decision?.Rollout.Version;

    /// <summary>The order that shows whether the version can be loaded, before it is decided on; null where none is awaited.</summary>
    public long? Trial => _decision?.Trial;

    /// <summary>Whether a decision is under way.</summary>
    public bool IsUnderWay => _decision is not null;

    /// <summary>Whether a request is the one that is under way: who has heard nothing asks again.</summary>
    public bool Awaits(IActorRef sender, long id) => _decision is { } decision && decision.Id == id && decision.Sender.Equals(sender);

    /// <summary>What a request was answered with, which may have been lost; null where it was not, or many others were since.</summary>
    public EntityReply? AnswerTo(IActorRef sender, long id) =>
        _answers.FirstOrDefault(known => known.Answer.Id == id && known.Sender.Equals(sender)).Answer;

    /// <summary>Remembers what a request was answered with.</summary>
    public void Answered(IActorRef sender, EntityReply answer)
    {
        _answers.Enqueue((sender, answer));
        if (_answers.Count > AnswersKept)
        {
            _answers.Dequeue();
        }
    }

    /// <summary>A roll-out of a version; null where nobody holds it.</summary>
    public Rollout? ToVersion(int version, int percent)
    {
        if (!view.At(version).Any())
        {
            return null;
        }

        // Of a version that is current already, as the newest is by itself, a share is given back to the one before.
        var before = view.Current != version ? view.Current
            : view.Rollout?.Before ?? (percent < 100 ? view.Before(version) : null);
        return new Rollout(version, percent, before, view.NextEpoch(clock.GetUtcNow()));
    }

    /// <summary>The way back from the last roll-out; null where there was none, or nobody holds the version before.</summary>
    public Rollout? Back() => view.Rollout is { Before: { } before } && view.At(before).Any()
        ? new Rollout(before, 100, null, view.NextEpoch(clock.GetUtcNow()))
        : null;

    /// <summary>Begins a decision; the one before has to be ended.</summary>
    /// <param name="rollout">What is decided.</param>
    /// <param name="sender">Who asked for it.</param>
    /// <param name="id">Number of the request.</param>
    /// <param name="trial">The order that has to be carried out before it holds; null for none.</param>
    public void Begin(Rollout rollout, IActorRef sender, long id, long? trial = null)
    {
        _decision = new Decision(rollout, view.Rollout, sender, id, trial);
        if (trial is null)
        {
            view.Decide(rollout);
        }
    }

    /// <summary>The trial of what is under way was carried out.</summary>
    public void EndTrial()
    {
        _decision = _decision! with { Trial = null };
        view.Decide(_decision.Rollout);
    }

    /// <summary>What was decided holds from now on. Returns the decision that ends, null where none was under way.</summary>
    public Decision? Complete()
    {
        var decision = _decision;
        _decision = null;
        return decision;
    }

    /// <summary>
    /// It is given up, and what was decided before holds again. Returns the decision that ends, null where none was under way.
    /// </summary>
    public Decision? GiveUp()
    {
        if (Complete() is not { } decision)
        {
            return null;
        }

        view.Decide(decision.Before);
        return decision;
    }

    /// <summary>Something that somebody decided.</summary>
    /// <param name="Rollout">What.</param>
    /// <param name="Before">What had been decided before; null for nothing.</param>
    /// <param name="Sender">Who asked for it.</param>
    /// <param name="Id">Number of the request.</param>
    /// <param name="Trial">The order that has to be carried out before it holds; null where it does.</param>
    internal sealed record Decision(Rollout Rollout, Rollout? Before, IActorRef Sender, long Id, long? Trial);
}
