using System.Collections;
using System.Runtime.CompilerServices;
using TorchSharp;

namespace ZeroCopy.Torch.Script;

/// <summary>Finds the tensors of an answer: alone, in tuples, lists and dictionaries.</summary>
internal static class AnswerTensors
{
    public static IEnumerable<torch.Tensor> In(object? answer) => answer switch
    {
        torch.Tensor tensor => [tensor],
        null or string => [],
        IDictionary dictionary => dictionary.Values.Cast<object?>().SelectMany(In),
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => In(tuple[i])),
        IEnumerable<torch.Tensor> tensors => tensors,
        IEnumerable<object?> items => items.SelectMany(In),
        _ => [],
    };
}
