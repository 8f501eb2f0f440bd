using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace ZeroCopy.Datasets.Formats.ArrowFiles;

/// <summary>Views of lists, which may lie anywhere among the elements and share them, as lists that lie one after the other.</summary>
internal static class ArrowListViews
{
    /// <summary>The same lists; another array than views of lists is returned as it is.</summary>
    public static ArrayData InOrder(ArrayData array) => array.DataType switch
    {
        ListViewType type => Gather(array, type.ValueField, Places<int>(array, 1), Places<int>(array, 2)),
        LargeListViewType type => Gather(array, type.ValueField, Places<long>(array, 1), Places<long>(array, 2)),
        _ => array,
    };

    private static int[] Places<T>(ArrayData array, int buffer)
        where T : unmanaged
    {
        var places = MemoryMarshal.Cast<byte, T>(array.Buffers[buffer].Span).Slice(array.Offset, array.Length);
        var narrow = new int[places.Length];
        for (var i = 0; i < narrow.Length; i++)
        {
            narrow[i] = checked((int)Convert.ToInt64(places[i]));
        }

        return narrow;
    }

    private static ArrayData Gather(ArrayData array, Field field, int[] starts, int[] sizes)
    {
        var validity = array.GetNullCount() == 0 ? [] : array.Buffers[0].Span.ToArray();
        var (ends, parts) = (new int[sizes.Length + 1], new List<(int Start, int End)>());
        for (var i = 0; i < sizes.Length; i++)
        {
            // Of a null one start and size say nothing.
            var size = validity.Length == 0 || BitUtility.GetBit(validity, array.Offset + i) ? sizes[i] : 0;
            ends[i + 1] = checked(ends[i] + size);
            if (size > 0 && parts.Count > 0 && parts[^1].End == starts[i])
            {
                parts[^1] = (parts[^1].Start, starts[i] + size);
            }
            else if (size > 0)
            {
                parts.Add((starts[i], starts[i] + size));
            }
        }

        var elements = array.Children[0];
        ArrayData[] slices = parts.Count == 0 ? [elements.Slice(0, 0)]
            : [.. parts.Select(part => elements.Slice(part.Start, part.End - part.Start))];
        var gathered = slices.Length == 1 ? slices[0]
            : ArrowArrayConcatenator.Concatenate([.. slices.Select(ArrowArrayFactory.BuildArray)]).Data;
        var validBits = validity.Length == 0 ? ArrowBuffer.Empty : new ArrowBuffer(Shifted(validity, array.Offset, array.Length));
        return new ArrayData(
            new ListType(field), array.Length, array.GetNullCount(), 0,
            [validBits, new ArrowBuffer(MemoryMarshal.AsBytes(ends.AsSpan()).ToArray())], [gathered]);
    }

    private static byte[] Shifted(byte[] bits, int offset, int length)
    {
        var shifted = new byte[(length + 7) / 8];
        for (var i = 0; i < length; i++)
        {
            BitUtility.SetBit(shifted, i, BitUtility.GetBit(bits, offset + i));
        }

        return shifted;
    }
}
