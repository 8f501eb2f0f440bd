using TorchSharp;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Tensors that are made in inference mode may never be written to or bound outside of it. What outlives a call is made outside, whatever
/// mode its caller is in.
/// </summary>
internal static class OrdinaryTensors
{
    /// <summary>Leaves inference mode on this thread until the result is disposed; null where it is off. Never await in between.</summary>
    public static IDisposable? Guard() => torch.is_inference_mode_enabled() ? torch.inference_mode(false) : null;
}
