using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>
/// Whole transformers. Sizes are in the shapes, the number of heads is told by a mask, and the activation is the one with which a layer of
/// the encoder answers like a copy of the source's.
/// </summary>
internal static class TransformerLayers
{
    public static Transformer Rebuild(Transformer source)
    {
        var tensors = NativeLayers.Tensors(source);
        var encoders = TransformerStacks.Count(source, "encoder.layers.");
        var decoders = TransformerStacks.Count(source, "decoder.layers.");
        if (encoders == 0 || decoders == 0)
        {
            throw new CloneRefusedException("A Transformer without layers in its encoder or decoder does not tell its options.");
        }

        var inner = tensors["encoder.layers.0.linear1.weight"];
        var (wide, width) = (inner.shape[0], inner.shape[1]);
        var (heads, _) = AttentionLayers.Scores(tensors, mask =>
            source.call(AttentionLayers.One(tensors, width), AttentionLayers.One(tensors, width), mask));
        return Transformer(width, heads, encoders, decoders, wide, 0, ActivationOf(source, width, heads, wide));
    }

    private static Activations ActivationOf(Transformer source, long width, long heads, long wide)
    {
        // On a copy in eval mode: the source may be training, and its dropout is random.
        var layer = TorchInternals.Adopt<TransformerEncoderLayer>(TorchNative.Child(TorchInternals.Handle(source), 0, 0, 0));
        var copy = (TransformerEncoderLayer)NativeLayers.Rebuild(layer);
        var input = HeldNumber.Use(1000, thousand => RecurrentCells.Probe(copy, 4, 4, width).div(thousand));
        var expected = copy.forward(input);
        var nearest = new[] { Activations.ReLU, Activations.GELU }.MinBy(Distance);
        ModuleDisposal.Release(copy);
        ModuleDisposal.Release(layer);
        return nearest;

        double Distance(Activations activation)
        {
            var candidate = TransformerEncoderLayer(width, heads, wide, 0, activation);
            candidate.to(input.dtype).eval();
            var weights = NativeLayers.Tensors(copy);
            foreach (var (name, tensor) in NativeLayers.Tensors(candidate))
            {
                tensor.set_(weights[name]);
            }

            var distance = candidate.forward(input).sub(expected).abs().max().to(torch.float64).item<double>();
            ModuleDisposal.Release(candidate);
            return distance;
        }
    }
}
