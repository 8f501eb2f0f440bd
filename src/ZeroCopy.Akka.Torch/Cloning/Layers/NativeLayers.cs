using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>
/// Makes native layers anew. A layer that libtorch implements keeps its tensors inside its native object, so one object cannot serve two
/// sets of weights; and TorchSharp has no call that copies it or reads its options. So the options are worked out: from the shapes and
/// names of the tensors, from fields of the managed wrapper, and otherwise from what the layer answers. Options that act in training only
/// (dropout, sparse gradients) are left out: what is built is for eval.
/// </summary>
internal static class NativeLayers
{
    /// <summary>
    /// A layer with the options of <paramref name="source"/> and tensors of the same names and types, on the CPU and in eval mode; their
    /// elements are arbitrary, and a table of embeddings may have fewer rows. The source stays as it is. The caller releases it.
    /// </summary>
    /// <exception cref="CloneRefusedException">Nothing tells the layer's options.</exception>
    public static torch.nn.Module Rebuild(torch.nn.Module source)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.nn.Module layer;
        try
        {
            layer = Build(source);
        }
        catch (ExternalException exception)
        {
            throw new CloneRefusedException($"A {source.GetType().Name} does not tell its options: it fails in a call.", exception);
        }

        TorchNative.Move(layer, torch.CPU);
        if (Tensors(source).Values.FirstOrDefault()?.dtype is { } type && Tensors(layer).Values.Any(tensor => tensor.dtype != type))
        {
            if (!torch.is_floating_point(type) && !torch.is_complex(type))
            {
                ModuleDisposal.Release(layer);
                throw new CloneRefusedException($"A {source.GetType().Name} of {type} cannot be built anew.");
            }

            layer.to(type);
        }

        layer.eval();
        foreach (var tensor in Tensors(layer).Values)
        {
            tensor.requires_grad = false;
            tensor.DetachFromDisposeScope();
        }

        return layer;
    }

    /// <summary>The tensors of a native layer by name: those of its native children too.</summary>
    public static Dictionary<string, torch.Tensor> Tensors(torch.nn.Module layer) =>
        TorchInternals.Parameters(layer).ToDictionary(tensor => tensor.Name, tensor => (torch.Tensor)tensor.Value);

    private static torch.nn.Module Build(torch.nn.Module source) => source switch
    {
        Embedding embedding => EmbeddingLayers.Rebuild(embedding),
        EmbeddingBag bag => EmbeddingLayers.Rebuild(bag),
        LSTM or GRU or RNN => RecurrentLayers.Rebuild(source),
        LSTMCell or GRUCell or RNNCell => RecurrentCells.Rebuild(source),
        MultiheadAttention attention => AttentionLayers.Rebuild(attention),
        TransformerEncoderLayer or TransformerEncoder or TransformerDecoderLayer or TransformerDecoder => TransformerStacks.Rebuild(source),
        Transformer transformer => TransformerLayers.Rebuild(transformer),
        _ => throw new CloneRefusedException($"A {source.GetType().Name} keeps its weights in a native object that cannot be built anew."),
    };
}
