namespace ZeroCopy.Datasets.Rows;

/// <summary>Collects texts or JSON values, one a row, to a column.</summary>
internal sealed class ColumnBuilder(ColumnType type)
{
    private readonly List<int> _ends = [0];
    private readonly List<bool> _nulls = [];
    private byte[] _data = new byte[1 << 12];
    private int _used;
    private bool _hasNulls;

    public ColumnType Type { get; } = type;

    public int Rows => _nulls.Count;

    public int ByteLength => _used;

    public void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        Advance(text.Length);
    }

    public void AddNull()
    {
        _hasNulls = true;
        _nulls.Add(true);
        _ends.Add(_used);
    }

    /// <summary>Takes back all behind the first rows.</summary>
    public void CutTo(int rows)
    {
        _nulls.RemoveRange(rows, _nulls.Count - rows);
        _ends.RemoveRange(rows + 1, _ends.Count - rows - 1);
        _used = _ends[rows];
    }

    /// <summary>Memory for a value of at most so many bytes, which <see cref="Advance"/> then adds.</summary>
    /// <exception cref="DatasetException">The rows take more bytes than an array has.</exception>
    public Span<byte> Room(int bytes)
    {
        if (_data.Length - _used < bytes)
        {
            RowMemory.Grow(ref _data, Type.Name, (long)_used + bytes);
        }

        return _data.AsSpan(_used);
    }

    public void Advance(int bytes)
    {
        _used += bytes;
        _nulls.Add(false);
        _ends.Add(_used);
    }

    /// <summary>The column; the builder is not used any more.</summary>
    public Column Build() =>
        new(Type, Rows, _data.AsMemory(0, _used), [_ends.ToArray()], _hasNulls ? _nulls.ToArray() : default(ReadOnlyMemory<bool>));
}
