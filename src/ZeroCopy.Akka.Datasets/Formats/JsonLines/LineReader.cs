namespace ZeroCopy.Datasets.Formats.JsonLines;

/// <summary>The lines of a file, each as a piece of a buffer. Not thread-safe.</summary>
internal sealed class LineReader(string path) : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private const int MaxLineBytes = 1 << 30;
    private readonly FileStream _file =
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
    private byte[] _buffer = new byte[BlockBytes];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>Number of the last line that was read, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Share of the file's bytes that the lines that were read are, from 0 to 1.</summary>
    public double ReadShare => _file.Length > 0 ? (double)(_file.Position - (_end - _start)) / _file.Length : 1;

    /// <summary>The next line without its end; valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var searched = _start;
        while (true)
        {
            var length = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (length >= 0 || (_ended && _start < _end))
            {
                var stop = length >= 0 ? searched + length : _end;
                line = WithoutMark(_buffer.AsSpan(_start, stop - _start));
                _start = Math.Min(stop + 1, _end);
                Line++;
                return true;
            }

            if (_ended)
            {
                line = default;
                return false;
            }

            searched = _end - _start;
            Fill();
        }
    }

    public void Dispose() => _file.Dispose();

    // A byte order mark is no part of the first line.
    private ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> line) => Line == 0 && line.StartsWith("\uFEFF"u8) ? line[3..] : line;

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxLineBytes)
            {
                throw new DatasetException($"'{path}', line {Line + 1}: it is longer than {MaxLineBytes} bytes.");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = _file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _ended = read == 0;
    }
}
