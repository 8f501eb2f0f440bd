using System.Collections.Immutable;
using Akka.Actor;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>The client's end of its calls: gives each reply to its call, and watches the node, so that a lost one fails them at once.</summary>
internal sealed class InferenceClientActor(IActorRef node, CancellationTokenSource closed) : UntypedActor
{
    private readonly Dictionary<long, Call> _calls = [];
    private bool _lost;

    public static Props Props(IActorRef node, CancellationTokenSource closed) =>
        Akka.Actor.Props.CreateBy(new Producer<InferenceClientActor>(() => new InferenceClientActor(node, closed)));

    protected override void PreStart() => Context.Watch(node);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Call call when _lost:
                Fail(call, Lost());
                break;
            case Call call:
                _calls.Add(call.Request.Id, call);
                node.Tell(call.Request, Self);
                break;
            case PredictCancel cancel:
                if (_calls.Remove(cancel.Id))
                {
                    node.Tell(cancel, Self);
                }

                break;
            case PredictReply.Answered answered:
                // Nothing is left of a call that was given up.
                if (_calls.Remove(answered.Id, out var done))
                {
                    done.Answer.SetResult(answered.Outputs);
                }

                break;
            case PredictReply.Failed failed:
                if (_calls.Remove(failed.Id, out var refused))
                {
                    Fail(refused, new InferenceException(failed.Failure, $"{node.Path.Address}: {failed.Message}"));
                }

                break;
            case Terminated:
                _lost = true;
                foreach (var call in _calls.Values)
                {
                    Fail(call, Lost());
                }

                _calls.Clear();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop() => closed.Cancel();

    private static void Fail(Call call, InferenceException reason)
    {
        call.Answer.SetException(reason);
        // A caller that has given up in this moment observes nothing.
        _ = call.Answer.Task.Exception;
    }

    private InferenceException Lost() =>
        new(InferenceFailure.Unreachable, $"The node at {node.Path.Address} stopped or was lost; connect again when it is back.");

    internal sealed record Call(PredictRequest Request)
    {
        public TaskCompletionSource<ImmutableArray<NamedTensor>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
