using System.Collections.Immutable;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Protocol;

/// <summary>Answers a <see cref="PredictRequest"/>. A closed set.</summary>
public abstract record PredictReply
{
    private PredictReply()
    {
    }

    /// <summary>The model's answer.</summary>
    public sealed record Answered(ImmutableArray<NamedTensor> Outputs, long Id = 0) : PredictReply, ICallMessage
    {
        /// <summary>Where the time of the call went, in whole microseconds.</summary>
        public CallTimes Times { get; init; }

        /// <summary>The version that answered; null where it has none, or the node is of a time before it was told.</summary>
        public int? Version { get; init; }
    }

    /// <summary>There is none, for that reason; answers any <see cref="EndpointRequest"/> too.</summary>
    public sealed record Failed(InferenceFailure Failure, string Message, long Id = 0) : PredictReply, ICallMessage
    {
        /// <summary>As <see cref="InferenceException.CausedByInput"/>.</summary>
        public bool CausedByInput { get; init; }

        /// <summary>Whether the call was refused before anything of it ran.</summary>
        public bool NeverRan { get; init; }

        internal static Failed Of(InferenceException failure, long id) =>
            new(failure.Failure, failure.Message, id) { CausedByInput = failure.CausedByInput, NeverRan = failure.NeverRan };
    }
}
