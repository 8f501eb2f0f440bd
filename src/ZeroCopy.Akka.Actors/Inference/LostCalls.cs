using Akka.Actor;
using Akka.Event;
using ZeroCopy.Actors.Batching;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Inference;

/// <summary>
/// Answers the calls whose actor is gone, <c>/user/zerocopy/lost-calls</c>: a pool shrinks or is stopped while a call is on its way, and
/// without this the caller would wait for its deadline, or for ever.
/// </summary>
internal sealed class LostCalls : UntypedActor
{
    public static Props Props() => Akka.Actor.Props.Create<LostCalls>();

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DeadLetter { Message: InferenceCall call }:
                Fail(call);
                break;
            case DeadLetter { Message: CallBatch batch }:
                foreach (var call in batch.Calls)
                {
                    Fail(call);
                }

                batch.End();
                break;
            case DeadLetter { Message: AsyncPiece piece }:
                ThreadPool.UnsafeQueueUserWorkItem(piece, preferLocal: false);
                break;
            case DeadLetter:
                // Anybody's: not ours to answer.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static void Fail(InferenceCall call)
    {
        call.Fail(new InferenceException(InferenceFailure.ActorCrashed, $"The actor of {call.Owner} that a call was sent to is gone."));
        call.Retire();
    }
}
