using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>
/// Tables of embeddings. They are built with one row: neither initialising nor allocating a table that is replaced anyway. A table with
/// <c>max_norm</c> is refused: it rescales its rows in place in each call, by limits that nothing tells.
/// </summary>
internal static class EmbeddingLayers
{
    private const int RowsOfProbe = 4096;

    public static Embedding Rebuild(Embedding source)
    {
        using var weight = source.weight!;
        RefuseMaxNorm(source, weight, index => source.forward(index));
        return Embedding(1, weight.shape[1]);
    }

    public static EmbeddingBag Rebuild(EmbeddingBag source)
    {
        using var weight = source.weight!;
        var zero = torch.zeros(1, dtype: torch.ScalarType.Int64, device: weight.device);
        RefuseMaxNorm(source, weight, index => source.forward(index, zero, null));

        // One bag of two rows, then an offset that is either a second, empty bag or the end of the first.
        var two = torch.zeros(2, dtype: torch.ScalarType.Int64, device: weight.device);
        var ends = torch.tensor(new long[] { 0, 2 }, device: weight.device);
        var lastIsEnd = source.forward(two, ends, null).shape[0] == 1;
        var mode = Mode(source, weight, lastIsEnd);
        var padding = Padding(source, weight, lastIsEnd, mode);
        return EmbeddingBag(
            padding + 1 > 0 ? padding + 1 : 1, weight.shape[1], mode: mode, include_last_offset: lastIsEnd, padding_index: padding);
    }

    /// <summary>
    /// An index of the wrong type is refused by the first operation that gets it, which names itself: the rescaling, or the look-up.
    /// </summary>
    private static void RefuseMaxNorm(torch.nn.Module source, torch.Tensor weight, Func<torch.Tensor, torch.Tensor> forward)
    {
        try
        {
            forward(torch.zeros(1, dtype: torch.ScalarType.Float32, device: weight.device));
        }
        catch (ExternalException exception) when (!exception.Message.Contains("renorm", StringComparison.Ordinal))
        {
            return;
        }
        catch (ExternalException exception)
        {
            throw new CloneRefusedException(
                $"An {source.GetType().Name} with max_norm rescales its rows in place in each call, by limits that cannot be read back.",
                exception);
        }

        throw new CloneRefusedException($"An {source.GetType().Name} does not tell whether it has max_norm.");
    }

    /// <summary>The way of joining that explains most bags of two neighbouring rows: all but those with the row that is left out.</summary>
    private static EmbeddingBagMode Mode(EmbeddingBag source, torch.Tensor weight, bool lastIsEnd)
    {
        var (left, answer) = Neighbours(source, weight, 0, lastIsEnd);
        var (a, b) = (weight.index_select(0, left), weight.index_select(0, Next(left, weight)));
        return Enum.GetValues<EmbeddingBagMode>().MinBy(mode => Differ(Join(mode, a, b), answer).sum().item<long>());
    }

    /// <summary>The row that bags leave out, or -1: bags of neighbours that hold it are its neighbour alone.</summary>
    private static long Padding(EmbeddingBag source, torch.Tensor weight, bool lastIsEnd, EmbeddingBagMode mode)
    {
        for (var start = 0L; start < weight.shape[0]; start += RowsOfProbe)
        {
            var (left, answer) = Neighbours(source, weight, start, lastIsEnd);
            var (a, b) = (weight.index_select(0, left), weight.index_select(0, Next(left, weight)));
            var leftOut = Differ(Join(mode, a, b), answer).logical_and(b.eq(answer).all(1)).nonzero();
            if (leftOut.shape[0] > 0)
            {
                return left[leftOut[0, 0]].item<long>();
            }
        }

        return -1;
    }

    /// <summary>Which rows differ by more than rounding.</summary>
    private static torch.Tensor Differ(torch.Tensor expected, torch.Tensor answer) =>
        HeldNumber.Use(
            expected.element_size() < sizeof(float) ? 2e-2 : 1e-5,
            share => expected.sub(answer).abs().gt(expected.abs().maximum(answer.abs()).mul(share))).any(1);

    private static torch.Tensor Join(EmbeddingBagMode mode, torch.Tensor a, torch.Tensor b) => mode switch
    {
        EmbeddingBagMode.Sum => a.add(b),
        EmbeddingBagMode.Mean => HeldNumber.Use(2, two => a.add(b).div(two)),
        _ => a.maximum(b),
    };

    /// <summary>The answers to bags of each row from <paramref name="start"/> on and the row after it.</summary>
    private static (torch.Tensor Left, torch.Tensor Answer) Neighbours(EmbeddingBag source, torch.Tensor weight, long start, bool lastIsEnd)
    {
        var count = Math.Min(RowsOfProbe, weight.shape[0] - start);
        var left = Numbers(weight.device, count, row => start + row);
        var bags = torch.stack([left, Next(left, weight)], 1).flatten();
        var offsets = Numbers(weight.device, count + (lastIsEnd ? 1 : 0), bag => 2 * bag);
        return (left, source.forward(bags, offsets, null));
    }

    private static torch.Tensor Numbers(torch.Device device, long count, Func<long, long> number) =>
        torch.tensor([.. Enumerable.Range(0, checked((int)count)).Select(index => number(index))], device: device);

    private static torch.Tensor Next(torch.Tensor rows, torch.Tensor weight) =>
        HeldNumber.Use(weight.shape[0], size => HeldNumber.Use(1, one => rows.add(one).remainder(size)));
}
