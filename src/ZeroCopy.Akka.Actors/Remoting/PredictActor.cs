using Akka.Actor;
using ZeroCopy.Actors.Calls;
using ZeroCopy.Actors.Inference;
using ZeroCopy.Actors.Protocol;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// Takes calls of other processes to the pools of this one, <c>/user/zerocopy/predict</c>. Every <see cref="PredictRequest"/> gets one
/// <see cref="PredictReply"/>. A pool's own queue bounds them; the calls of a client that is gone are cancelled.
/// </summary>
internal sealed class PredictActor : UntypedActor
{
    public const string Name = "predict";

    private readonly Func<string, InferencePool?> _find;
    private readonly FrameLimit _limit;
    private readonly Dictionary<(IActorRef Client, long Id), CancellationTokenSource> _calls = [];

    public PredictActor(Func<string, InferencePool?> find)
    {
        _find = find;
        _limit = new FrameLimit(Context.System);
    }

    public static Props Props(Func<string, InferencePool?> find) =>
        Akka.Actor.Props.CreateBy(new Producer<PredictActor>(() => new PredictActor(find)));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PredictRequest request when !Sender.IsNobody():
                Begin(request);
                break;
            case PredictCancel cancel:
                Cancel((Sender, cancel.Id));
                break;
            case Finished finished:
                End(finished);
                break;
            case Terminated client:
                foreach (var call in _calls.Keys.Where(call => call.Client.Equals(client.ActorRef)).ToArray())
                {
                    Cancel(call);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        foreach (var call in _calls.Keys.ToArray())
        {
            Cancel(call);
        }
    }

    private void Begin(PredictRequest request)
    {
        var key = (Sender, request.Id);
        if (_calls.ContainsKey(key))
        {
            Reply(key, Refusal(InferenceFailure.InvalidInput, $"There is a call {request.Id} of this sender already."));
            return;
        }

        if (_find(request.Pool) is not { Remote: { } codec } pool)
        {
            Reply(key, Refusal(InferenceFailure.PoolNotFound, $"This node has no pool '{request.Pool}' that takes calls of other processes."));
            return;
        }

        object? argument;
        try
        {
            argument = codec.Decode(request);
        }
        catch (Exception e)
        {
            Reply(key, Refusal(InferenceFailure.InvalidInput, $"The inputs do not fit pool '{request.Pool}': {e.Message}"));
            return;
        }

        if (Sender.Path.Elements is not ["temp", ..])
        {
            // Not where the sender is one Ask, which lives no longer than its call.
            Context.Watch(Sender);
        }

        var cancellation = _calls[key] = new CancellationTokenSource();
        var self = Self;
        RunAsync(pool, codec, argument, request, cancellation.Token).PipeTo(self, self, reply => new Finished(key, reply));
    }

    private static async Task<PredictReply> RunAsync(
        InferencePool pool, IRemoteCodec codec, object? argument, PredictRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var options = new CallOptions
            {
                Deadline = request.Deadline,
                HashKey = request.HashKey.Length == 0 ? null : request.HashKey,
                Ownership = ArgumentOwnership.Give,
            };
            // Off the thread that computes: an answer is copied for its way.
            var answer = await pool.CallAsync(argument, options, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                return new PredictReply.Answered([.. codec.Encode(answer)]);
            }
            finally
            {
                codec.Release(answer);
            }
        }
        catch (InferenceException e)
        {
            return Refusal(e.Failure, e.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Refusal(InferenceFailure.Cancelled, $"A call to pool {request.Pool} was cancelled by its caller.");
        }
        catch (Exception e)
        {
            return Refusal(InferenceFailure.ModelError, e.Message);
        }
    }

    private void End(Finished finished)
    {
        if (_calls.Remove(finished.Call, out var cancellation))
        {
            cancellation.Dispose();
            Reply(finished.Call, finished.Reply);
        }
    }

    private void Cancel((IActorRef Client, long Id) call)
    {
        if (_calls.TryGetValue(call, out var cancellation))
        {
            cancellation.Cancel();
        }
    }

    private void Reply((IActorRef Client, long Id) call, PredictReply reply)
    {
        IWireMessage message = reply switch
        {
            PredictReply.Answered answered => answered with { Id = call.Id },
            PredictReply.Failed failed => failed with { Id = call.Id },
            _ => throw new InvalidOperationException($"{reply.GetType()} is no reply."),
        };
        call.Client.Tell(
            _limit.Refusal(message, call.Client, Self) is { } tooLarge
            ? new PredictReply.Failed(tooLarge.Failure, $"The answer: {tooLarge.Message}", call.Id)
            : message);
    }

    private static PredictReply.Failed Refusal(InferenceFailure failure, string message) => new(failure, message);

    private sealed record Finished((IActorRef Client, long Id) Call, PredictReply Reply);
}
