using System.Collections.Immutable;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Protocol;

/// <summary>Answers a <see cref="PredictRequest"/>. A closed set.</summary>
public abstract record PredictReply
{
    private PredictReply()
    {
    }

    /// <summary>The model's answer.</summary>
    public sealed record Answered(ImmutableArray<NamedTensor> Outputs, long Id = 0) : PredictReply, IWireMessage;

    /// <summary>There is none, for that reason.</summary>
    public sealed record Failed(InferenceFailure Failure, string Message, long Id = 0) : PredictReply, IWireMessage;
}
