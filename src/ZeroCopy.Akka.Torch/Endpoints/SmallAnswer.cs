using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>Copies what a model answers with little, as most do, to managed memory.</summary>
internal static class SmallAnswer
{
    /// <summary>The copy; null where the answer is larger than <see cref="HostAnswer.Largest"/>, or is none that can be named.</summary>
    public static HostAnswer? TryCopy(object? answer)
    {
        if (PartsOrNull(answer) is not { } parts)
        {
            return null;
        }

        var bytes = 0L;
        foreach (var (_, value) in parts)
        {
            if (value is torch.Tensor tensor && (tensor.IsInvalid || (bytes += tensor.numel() * tensor.ElementSize) > HostAnswer.Largest))
            {
                return null;
            }
        }

        var outputs = ImmutableArray.CreateBuilder<NamedTensor>(parts.Count);
        foreach (var (name, value) in parts)
        {
            outputs.Add(value switch
            {
                torch.Tensor tensor => new NamedTensor(name, tensor.ToHost()),
                HostTensor number => new NamedTensor(name, number),
                _ => NamedTensor.OfText(name, (string)value),
            });
        }

        return new HostAnswer(outputs.MoveToImmutable());
    }

    /// <summary>What <see cref="NamedAnswer.Parts"/> finds; null where a part is none that can be named.</summary>
    public static IReadOnlyList<(string Name, object Value)>? PartsOrNull(object? answer)
    {
        try
        {
            return NamedAnswer.Parts(answer);
        }
        catch (NotSupportedException)
        {
            // Said where the answer is made, with the model's name.
            return null;
        }
    }
}
