using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Journal;

/// <summary>
/// The journal of a job, a JSON value a line, each appended at once. A line that a crash cut short, or that cannot follow those before it,
/// ends what is read. While it is open no other process works on the same output. Not thread-safe.
/// </summary>
internal sealed class JobJournal : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly FileStream _file;

    private JobJournal(FileStream file) => _file = file;

    /// <summary>What the journal says the job is; default where it says nothing.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Job { get; private set; }

    /// <summary>The output's columns; default before there are any.</summary>
    public ImmutableArray<ColumnType> Columns { get; private set; }

    /// <summary>The states in their order.</summary>
    public List<JournalPart> Parts { get; } = [];

    /// <summary>The finished file, where the last line has one.</summary>
    public FinishedFile? Finished { get; private set; }

    /// <summary>Opens a journal, or makes an empty one.</summary>
    /// <exception cref="DatasetException">Another process has it open.</exception>
    public static JobJournal Open(string path)
    {
        JobJournal journal;
        try
        {
            journal = new JobJournal(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException error) when (File.Exists(path))
        {
            throw new DatasetException(
                $"Another process writes this output: it holds '{path}'. Wait for its end, or choose another output.", error);
        }

        try
        {
            journal.ReadAll();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    public void Begin(ImmutableArray<KeyValuePair<string, string>> job)
    {
        _file.SetLength(0);
        (Job, Columns, Finished) = (job, default, null);
        Parts.Clear();
        Append(new JournalLine { Job = job });
    }

    public void Add(ImmutableArray<ColumnType> columns)
    {
        Columns = columns;
        Append(new JournalLine { Columns = columns });
    }

    public void Add(JournalPart part)
    {
        Finished = null;
        Parts.Add(part);
        Append(new JournalLine { Part = part });
    }

    public void Add(FinishedFile finished)
    {
        Finished = finished;
        Append(new JournalLine { Finished = finished });
    }

    /// <summary>Forgets the finished file, and all states but the first so many: what they settled did not stay as it was.</summary>
    public void Rewind(int parts)
    {
        if (parts < Parts.Count || Finished is not null)
        {
            Finished = null;
            Parts.RemoveRange(parts, Parts.Count - parts);
            Append(new JournalLine { Keep = parts });
        }
    }

    public void Dispose() => _file.Dispose();

    private void Append(JournalLine line)
    {
        _file.Seek(0, SeekOrigin.End);
        _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, Json), (byte)'\n']);
    }

    private void ReadAll()
    {
        var text = new byte[_file.Length];
        _file.ReadExactly(text);
        var read = 0;
        while (text.AsSpan(read).IndexOf((byte)'\n') is >= 0 and var length
            && Parse(text.AsSpan(read, length)) is { } line && Follows(line))
        {
            Job = line.Job ?? Job;
            Columns = line.Columns ?? Columns;
            Finished = line.Finished;
            if (line.Keep is { } keep)
            {
                Parts.RemoveRange(keep, Parts.Count - keep);
            }

            if (line.Part is { } part)
            {
                Parts.Add(part);
            }

            read += length + 1;
        }

        _file.SetLength(read);
    }

    private bool Follows(JournalLine line)
    {
        var last = Parts.Count > 0 ? Parts[^1] : JournalPart.Start;
        return (line.Keep is not { } keep || (keep >= 0 && keep <= Parts.Count))
            && (line.Part is not { } part
                || (part.NextRow >= last.NextRow && part.Rows >= last.Rows && part.Failed >= last.Failed && part.Settled >= last.Settled
                    && part.FailedBytes >= last.FailedBytes && part.TailBytes >= 0 && part.PendingBytes >= 0));
    }

    private static JournalLine? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalLine>(line, Json);
        }
        catch (JsonException)
        {
            // What a crash of the machine left: nothing that follows is trusted.
            return null;
        }
    }
}
