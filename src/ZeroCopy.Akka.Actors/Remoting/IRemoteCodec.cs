using ZeroCopy.Actors.Protocol;

namespace ZeroCopy.Actors.Remoting;

/// <summary>Between the tensors of a call from another process and what a pool's function takes and gives. Thread-safe.</summary>
public interface IRemoteCodec
{
    /// <summary>The argument of the pool's function. The call owns it and releases it.</summary>
    /// <exception cref="ZeroCopy.Errors.ZeroCopyException">The inputs or the method do not fit; the message says why.</exception>
    object? Decode(PredictRequest request);

    /// <summary>Copies of the answer's tensors; the answer stays with its owner.</summary>
    /// <exception cref="ZeroCopy.Errors.ZeroCopyException">The answer holds what no message can carry.</exception>
    IReadOnlyList<NamedTensor> Encode(object? answer);

    /// <summary>Releases the native memory behind an argument or an answer.</summary>
    void Release(object? value);
}
