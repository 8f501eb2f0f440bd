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
    private const int RowsOfProbe = 1024;

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
        var padding = Padding(source, weight, lastIsEnd);
        return EmbeddingBag(
            padding + 1 > 0 ? padding + 1 : 1,
            weight.shape[1],
            mode: Mode(source, weight, lastIsEnd, padding),
            include_last_offset: lastIsEnd,
            padding_index: padding);
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

    /// <summary>
    /// The row that bags leave out, or -1. A bag of it alone answers zero, and where it is a row of zeros, a bag of it and another row
    /// answers that other row: an element below zero, which neither a mean nor a greatest element with zero leaves as it is. Where no
    /// element is below zero, rows of zeros change no greatest element, so that it does not matter which of them is taken for left out;
    /// nor does it for sums.
    /// </summary>
    private static long Padding(EmbeddingBag source, torch.Tensor weight, bool lastIsEnd)
    {
        var zeros = new List<torch.Tensor>();
        (long Row, long Column)? below = null;
        (long Row, long Column)? above = null;
        for (var start = 0L; start < weight.shape[0]; start += RowsOfProbe)
        {
            using var chunk = torch.NewDisposeScope();
            var from = start;
            var rows = Numbers(weight.device, Math.Min(RowsOfProbe, weight.shape[0] - start), row => from + row);
            var part = weight.index_select(0, rows);
            var isZero = IsZero(part);
            var leftOut = rows.masked_select(IsZero(Bags(source, rows.unsqueeze(1), lastIsEnd)).logical_and(isZero.logical_not()));
            if (leftOut.shape[0] > 0)
            {
                return leftOut[0].item<long>();
            }

            zeros.Add(rows.masked_select(isZero).MoveToOuterDisposeScope());
            below ??= First(part.isfinite().logical_and(HeldNumber.Use(0, zero => part.lt(zero))), start);
            above ??= First(part.isfinite().logical_and(HeldNumber.Use(0, zero => part.gt(zero))), start);
        }

        if ((below ?? above) is not { } telling)
        {
            return -1;
        }

        var (other, column) = (Numbers(weight.device, 1, _ => telling.Row), Numbers(weight.device, 1, _ => telling.Column));
        var expected = weight.index_select(0, other).index_select(1, column);
        foreach (var rows in torch.cat(zeros).split(RowsOfProbe).Where(rows => rows.shape[0] > 0))
        {
            using var chunk = torch.NewDisposeScope();
            var answer = Bags(source, torch.stack([rows, other.expand_as(rows)], 1), lastIsEnd).index_select(1, column);
            var leftOut = rows.masked_select(answer.eq(expected).flatten());
            if (leftOut.shape[0] > 0)
            {
                return leftOut[0].item<long>();
            }
        }

        return -1;
    }

    /// <summary>
    /// The way of joining that explains most elements of bags of a row, the same row again, and the next finite one, or, as the row itself
    /// may be infinite, the row a third time: no two ways explain them all unless they are the same for this table, or for those of its
    /// rows that are finite throughout.
    /// </summary>
    private static EmbeddingBagMode Mode(EmbeddingBag source, torch.Tensor weight, bool lastIsEnd, long padding)
    {
        var all = Numbers(weight.device, weight.shape[0], row => row);
        var rows = all.masked_select(HeldNumber.Use(padding, left => all.ne(left)));
        var next = NextFinite(weight, rows);
        var modes = Enum.GetValues<EmbeddingBagMode>();
        var wrong = new long[modes.Length];
        for (var start = 0L; start < rows.shape[0]; start += RowsOfProbe)
        {
            using var chunk = torch.NewDisposeScope();
            var count = Math.Min(RowsOfProbe, rows.shape[0] - start);
            var first = rows.narrow(0, start, count);
            var twice = Wide(first);
            foreach (var last in new[] { next.narrow(0, start, count), first })
            {
                var once = Wide(last);
                var answer = Bags(source, torch.stack([first, first, last], 1), lastIsEnd);
                for (var mode = 0; mode < modes.Length; mode++)
                {
                    wrong[mode] += Unlike(answer, modes[mode], twice, once);
                }
            }
        }

        return modes[Array.IndexOf(wrong, wrong.Min())];

        torch.Tensor Wide(torch.Tensor indices) => weight.index_select(0, indices).to(torch.float64);
    }

    /// <summary>For each row the next of them that is finite throughout, behind the last one the first; where none is, the next.</summary>
    private static torch.Tensor NextFinite(torch.Tensor weight, torch.Tensor rows)
    {
        var finite = new List<torch.Tensor>();
        foreach (var part in rows.split(RowsOfProbe))
        {
            using var chunk = torch.NewDisposeScope();
            finite.Add(part.masked_select(weight.index_select(0, part).isfinite().all(1)).MoveToOuterDisposeScope());
        }

        var found = torch.cat(finite);
        return found.shape[0] == 0
            ? rows.roll(-1, 0)
            : torch.cat([found, found.narrow(0, 0, 1)]).index_select(0, torch.searchsorted(found, rows, right: true));
    }

    /// <summary>The number of an answer's elements that a way of joining does not explain.</summary>
    private static long Unlike(torch.Tensor answer, EmbeddingBagMode mode, torch.Tensor twice, torch.Tensor once)
    {
        using var scope = torch.NewDisposeScope();
        var share = answer.element_size() < sizeof(float) ? 2e-2 : 1e-5;
        var expected = Join(mode, twice, once).to(answer.dtype);
        return torch.isclose(expected, answer, rtol: share, atol: 0, nanEqual: true).logical_not().sum().item<long>();
    }

    private static torch.Tensor IsZero(torch.Tensor rows) => HeldNumber.Use(0, zero => rows.eq(zero)).all(1);

    private static (long Row, long Column)? First(torch.Tensor elements, long start) => elements.nonzero() is var places
        && places.shape[0] > 0 ? (start + places[0, 0].item<long>(), places[0, 1].item<long>()) : null;

    private static torch.Tensor Join(EmbeddingBagMode mode, torch.Tensor twice, torch.Tensor once) => mode switch
    {
        EmbeddingBagMode.Sum => Sum(twice, once),
        EmbeddingBagMode.Mean => HeldNumber.Use(3, three => Sum(twice, once).div(three)),
        _ => twice.maximum(once),
    };

    private static torch.Tensor Sum(torch.Tensor twice, torch.Tensor once) =>
        twice.add(twice, HeldNumber.One).add(once, HeldNumber.One);

    /// <summary>The answers to bags of the given rows, a bag a line.</summary>
    private static torch.Tensor Bags(EmbeddingBag source, torch.Tensor rows, bool lastIsEnd) => source.forward(
        rows.flatten(), Numbers(rows.device, rows.shape[0] + (lastIsEnd ? 1 : 0), bag => bag * rows.shape[1]), null);

    private static torch.Tensor Numbers(torch.Device device, long count, Func<long, long> number) =>
        torch.tensor([.. Enumerable.Range(0, checked((int)count)).Select(index => number(index))], device: device);
}
