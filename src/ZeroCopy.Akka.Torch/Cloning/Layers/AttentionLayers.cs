using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>
/// Multi-head attention: all but the number of heads, and whether a zero is added to the keys, shows in the shapes of its tensors. Those
/// two are in the shape of the scores: libtorch adds a mask to them in place, and names their shape where the mask has a row too many.
/// </summary>
internal static partial class AttentionLayers
{
    public static MultiheadAttention Rebuild(MultiheadAttention source)
    {
        var tensors = NativeLayers.Tensors(source);
        var width = tensors["out_proj.weight"].shape[0];
        var keys = tensors.TryGetValue("k_proj_weight", out var key) ? key.shape[1] : width;
        var values = tensors.TryGetValue("v_proj_weight", out var value) ? value.shape[1] : width;
        var biasOfKeys = tensors.ContainsKey("bias_k");
        var (heads, attended) = Scores(
            tensors, mask => source.forward(One(tensors, width), One(tensors, keys), One(tensors, values), null, true, mask));
        return MultiheadAttention(
            width, heads, 0, tensors.ContainsKey("in_proj_bias"), biasOfKeys, attended > (biasOfKeys ? 2 : 1), keys, values);
    }

    /// <summary>The number of heads, and to how many keys they attend when one is given.</summary>
    /// <param name="tensors">The layer's tensors, which say on which device it computes.</param>
    /// <param name="call">Calls the layer on one token with the given mask.</param>
    public static (long Heads, long Keys) Scores(Dictionary<string, torch.Tensor> tensors, Action<torch.Tensor> call)
    {
        try
        {
            call(torch.zeros(2, 1, device: tensors.Values.First().device));
        }
        catch (ExternalException exception) when (ShapeOfScores().Match(exception.Message) is { Success: true } scores)
        {
            return (Number(scores.Groups[1]), Number(scores.Groups[2]));
        }

        throw new CloneRefusedException("An attention layer does not tell its number of heads.");

        static long Number(Group group) => long.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>A sequence of one token of zeros, alone in its batch.</summary>
    public static torch.Tensor One(Dictionary<string, torch.Tensor> tensors, long width)
    {
        var like = tensors.Values.First();
        return torch.zeros([1, 1, width], dtype: like.dtype, device: like.device);
    }

    [GeneratedRegex(@"output with shape \[(\d+), 1, (\d+)\]")]
    private static partial Regex ShapeOfScores();
}
