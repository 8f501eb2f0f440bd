using System.Buffers.Binary;
using System.Text;

namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>
/// Changes to a pickle's bytes, noted in any order and made in one pass. What is inserted at one place comes in the order in which it was
/// noted, and before what replaces the bytes there.
/// </summary>
internal sealed class PickleEdits
{
    private readonly List<(int Start, byte[] Bytes)> _insertions = [];
    private readonly Dictionary<int, (int End, byte[] Bytes)> _replacements = [];
    private uint _memo;

    /// <summary>Edits of a pickle that leaves the memo free from <paramref name="freeMemo"/> on.</summary>
    public PickleEdits(uint freeMemo) => _memo = freeMemo;

    /// <summary>Writes a number from 0 to 255 in the place of another one.</summary>
    public void Replace(PickleInteger integer, byte value) => _replacements[integer.Start] = (integer.End, [(byte)'K', value]);

    /// <summary>Writes false in the place of a truth value.</summary>
    public void Clear(PickleBoolean boolean) => _replacements[boolean.Start] = (boolean.Start + 1, [0x89]);

    /// <summary>
    /// Leaves a tensor its shape, over a storage of one element with all strides zero, and the elements of that as they are.
    /// </summary>
    public void Strip(PickleTensor tensor)
    {
        Replace(tensor.Storage.Count, 1);
        Replace(tensor.Offset, 0);
        foreach (var step in tensor.Strides)
        {
            Replace(step, 0);
        }

        if (tensor.Laziness is { IsLazy: true, ArgumentsEnd: { } end })
        {
            MakePlain(end);
        }
    }

    /// <summary>Writes another name in the place of a class's.</summary>
    public void Rename(PickleGlobal type, string module, string name) =>
        _replacements[type.Start] = (type.End, Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

    /// <summary>Remembers a tensor behind its end; returns the place in the memo.</summary>
    public uint Remember(PickleTensor tensor)
    {
        var place = _memo++;
        _insertions.Add((tensor.End, Numbered('r', place)));
        return place;
    }

    /// <summary>
    /// Adds a pair to a dictionary: a text and what is remembered at a place of the memo. It comes behind the pairs that are there.
    /// </summary>
    public void Add(int itemsEnd, string key, uint place)
    {
        var text = Encoding.UTF8.GetBytes(key);
        _insertions.Add((itemsEnd, [.. Numbered('X', (uint)text.Length), .. text, .. Numbered('j', place)]));
    }

    /// <summary>The pickle with all changes.</summary>
    public byte[] Apply(byte[] pickle)
    {
        var output = new MemoryStream(pickle.Length);
        var at = 0;
        var insertions = _insertions.Select(edit => (edit.Start, End: edit.Start, edit.Bytes));
        var replacements = _replacements.Select(edit => (Start: edit.Key, edit.Value.End, edit.Value.Bytes));
        foreach (var (start, end, bytes) in insertions.Concat(replacements).OrderBy(edit => edit.Start))
        {
            output.Write(pickle, at, start - at);
            output.Write(bytes);
            at = end;
        }

        output.Write(pickle, at, pickle.Length - at);
        return output.ToArray();
    }

    // libtorch looks at the argument that says that elements are others where it is the last of seven, so another one follows it. Source:
    // Unpickler::rebuildTensor.
    private void MakePlain(int argumentsEnd) => _insertions.Add((argumentsEnd, [(byte)'N']));

    private static byte[] Numbered(char operation, uint number)
    {
        var bytes = new byte[5];
        bytes[0] = (byte)operation;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), number);
        return bytes;
    }
}
