using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>
/// Encoders and decoders of transformers: a stack is made of copies of the layer that is given to it, with all its options.
/// </summary>
internal static class TransformerStacks
{
    public static torch.nn.Module Rebuild(torch.nn.Module source)
    {
        switch (source)
        {
            case TransformerEncoderLayer layer:
                var encoder = TransformerEncoder(layer, 1);
                var copy = FirstLayer<TransformerEncoderLayer>(encoder);
                ModuleDisposal.Release(encoder);
                return copy;
            case TransformerDecoderLayer layer:
                var decoder = TransformerDecoder(layer, 1);
                var twin = FirstLayer<TransformerDecoderLayer>(decoder);
                ModuleDisposal.Release(decoder);
                return twin;
            case TransformerEncoder stack:
                var first = FirstLayer<TransformerEncoderLayer>(stack);
                encoder = TransformerEncoder(first, Count(stack, "layers."));
                ModuleDisposal.Release(first);
                return encoder;
            case TransformerDecoder stack:
                var top = FirstLayer<TransformerDecoderLayer>(stack);
                decoder = TransformerDecoder(top, Count(stack, "layers."));
                ModuleDisposal.Release(top);
                return decoder;
            default:
                throw new ArgumentException($"A {source.GetType().Name} is no stack of a transformer.", nameof(source));
        }
    }

    /// <summary>How many layers have tensors under that prefix.</summary>
    public static long Count(torch.nn.Module module, string prefix) =>
        TorchInternals.Parameters(module).Select(tensor => tensor.Name)
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..].Split('.')[0]).Distinct().LongCount();

    private static TLayer FirstLayer<TLayer>(torch.nn.Module stack)
        where TLayer : torch.nn.Module =>
        Count(stack, "layers.") > 0
            ? TorchInternals.Adopt<TLayer>(TorchNative.Child(TorchInternals.Handle(stack), 0, 0))
            : throw new CloneRefusedException($"A {stack.GetType().Name} without layers cannot be built anew.");
}
