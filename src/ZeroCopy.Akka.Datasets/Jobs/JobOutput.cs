using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Journal;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>
/// What a job writes: rows in groups that count from the first, the list of failed rows, and a journal of states that a later run goes on
/// from. Not thread-safe.
/// </summary>
internal sealed class JobOutput : IAsyncDisposable
{
    private readonly JobFolder _folder;
    private readonly DatasetFormat _format;
    private readonly JobJournal _journal;
    private readonly RowGroup _group;
    private readonly PendingRows _pending;
    private readonly TimeSpan _interval;
    private FileStream? _failed;
    private IRowWriter? _writer;
    private JournalPart _done;
    private long _lastCommit = Stopwatch.GetTimestamp();
    private bool _isTorn;

    private JobOutput(JobFolder folder, JobJournal journal, TimeSpan interval)
    {
        _folder = folder;
        _format = DatasetFormats.Of(folder.Output);
        _journal = journal;
        _group = new RowGroup(_format);
        _pending = new PendingRows(folder);
        _interval = interval;
        _done = journal.Parts.Count > 0 ? journal.Parts[^1] : JournalPart.Start;
        State = _done;
    }

    /// <summary>How far the job is: the rows that were taken, whether a later run could go on behind them or not.</summary>
    public JournalPart State { get; private set; }

    /// <summary>The state that a later run goes on from.</summary>
    public JournalPart Committed => _done;

    /// <summary>Goes on with an output, or begins it.</summary>
    /// <param name="folder">Its files. What is not part of a state of the journal is deleted.</param>
    /// <param name="journal">The journal of this job; belongs to the output from now on.</param>
    /// <param name="interval">Time between two states at least.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<JobOutput> OpenAsync(JobFolder folder, JobJournal journal, TimeSpan interval,
        CancellationToken cancellationToken)
    {
        // First that the job is not at its end, for a crash after the finished file is gone: an older output could pass for it then.
        journal.Rewind(journal.Parts.Count);
        journal.Rewind(JobRestore.Restore(folder, journal.Parts));
        var output = new JobOutput(folder, journal, interval);
        if (journal.Parts.Count > 0 && !journal.Columns.IsDefault)
        {
            output._writer = DatasetFormats.OpenWriter(output._format, folder.Rows, journal.Columns);
            await output._pending.RestoreAsync(output.State, output._group, journal.Columns, cancellationToken).ConfigureAwait(false);
        }

        return output;
    }

    /// <summary>
    /// Appends what became of the next batch. One that is refused changes nothing: what came before it can become a state.
    /// </summary>
    /// <exception cref="DatasetException">The answers have other columns than those before, or some that the file cannot have.</exception>
    public ValueTask AppendAsync(BatchResult result, CancellationToken cancellationToken)
    {
        var rows = result.Answers is { } answers ? AsWritten(answers) : null;
        return WriteAsync(() => AppendResultAsync(result, rows, cancellationToken));
    }

    /// <summary>Makes what was appended a state that a later run goes on from. Does nothing once something could not be written.</summary>
    public ValueTask CommitAsync(CancellationToken cancellationToken) =>
        _isTorn ? default : WriteAsync(() => CommitStateAsync(cancellationToken));

    /// <summary>Writes the rest, and lets the output and the list of failed rows appear.</summary>
    public ValueTask FinishAsync(CancellationToken cancellationToken) => WriteAsync(() => FinishFilesAsync(cancellationToken));

    public async ValueTask DisposeAsync()
    {
        try
        {
            await DisposeAsync(_writer).ConfigureAwait(false);
            await DisposeAsync(_failed).ConfigureAwait(false);
            await DisposeAsync(_pending).ConfigureAwait(false);
        }
        finally
        {
            var isEmpty = _journal.Parts.Count == 0;
            _journal.Dispose();
            if (isEmpty && Directory.Exists(_folder.Root))
            {
                // Nothing that another run could go on from.
                _folder.Delete();
            }
        }
    }

    // What could not be written fails the end of a file as well, and belongs to no state.
    private async ValueTask DisposeAsync(IAsyncDisposable? file)
    {
        try
        {
            if (file is not null)
            {
                await file.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception) when (_isTorn)
        {
        }
    }

    // What was written in part, or was taken and not written, must not become a state: a disk that is full, a value that a format refuses.
    private async ValueTask WriteAsync(Func<ValueTask> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch
        {
            _isTorn = true;
            throw;
        }
    }

    private async ValueTask AppendResultAsync(BatchResult result, RowChunk? rows, CancellationToken cancellationToken)
    {
        foreach (var failure in result.Failures)
        {
            _failed ??= new FileStream(_folder.Failed, FileMode.Append, FileAccess.Write, FileShare.Read);
            _failed.Write([.. JsonSerializer.SerializeToUtf8Bytes(failure, JsonSerializerOptions.Web), (byte)'\n']);
        }

        if (rows is not null)
        {
            if (_writer is null)
            {
                ImmutableArray<ColumnType> columns = [.. rows.Columns.Select(column => column.Type)];
                _writer = DatasetFormats.OpenWriter(_format, _folder.Rows, columns);
                _journal.Add(columns);
            }

            _group.Add(rows);
        }

        State = State with
        {
            NextRow = result.Batch.First + result.Batch.Rows.Rows,
            Rows = State.Rows + (rows?.Rows ?? 0),
            Failed = State.Failed + result.Failures.Length,
        };
        if (_group.IsFull)
        {
            await WriteGroupAsync(cancellationToken).ConfigureAwait(false);
        }

        if (Stopwatch.GetElapsedTime(_lastCommit) >= _interval)
        {
            await CommitStateAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask CommitStateAsync(CancellationToken cancellationToken)
    {
        if (State.NextRow > _done.NextRow)
        {
            var state = await StateAsync(cancellationToken).ConfigureAwait(false);
            _done = await _pending.SaveAsync(state, _group, _journal.Columns, cancellationToken).ConfigureAwait(false);
            _journal.Add(_done);
            _folder.Empty(_folder.Rows, _folder.Failed, _folder.Tail(_journal.Parts.Count - 1), _folder.Pending(_done.PendingFile));
        }

        _lastCommit = Stopwatch.GetTimestamp();
    }

    private async ValueTask FinishFilesAsync(CancellationToken cancellationToken)
    {
        await WriteGroupAsync(cancellationToken).ConfigureAwait(false);
        if (_failed is not null)
        {
            await _failed.DisposeAsync().ConfigureAwait(false);
            _failed = null;
        }

        if (_writer is null)
        {
            JobEnd.Publish(_folder, null);
            var before = File.Exists(_folder.Output) ? $" '{_folder.Output}' is as it was before this job." : "";
            throw new DatasetException(
                $"All {State.Failed} rows failed, so there is nothing to write.{before} '{_folder.FailedOutput}' lists them with their "
                + $"reasons, the first: {File.ReadLines(_folder.FailedOutput).First()}");
        }

        await _pending.DisposeAsync().ConfigureAwait(false);
        var file = await _writer.CompleteAsync(_folder.Spare, cancellationToken).ConfigureAwait(false);
        OutputMark.Write(file, _journal.Job, _done);
        var finished = new FinishedFile(Path.GetFileName(file), new FileInfo(file).Length, _done);
        _journal.Add(finished);
        JobEnd.Publish(_folder, finished);
    }

    private async ValueTask WriteGroupAsync(CancellationToken cancellationToken)
    {
        if (!_group.IsEmpty)
        {
            await _writer!.WriteAsync(_group.Take(), cancellationToken).ConfigureAwait(false);
            await _pending.ClearAsync().ConfigureAwait(false);
        }
    }

    private RowChunk AsWritten(RowChunk answers)
    {
        var columns = answers.Columns.Select(column => column.Type.Kind == ElementKind.Json
            ? column.Type : DatasetFormats.Written(_format, column.Type))
            .ToImmutableArray();
        if (_writer is null && columns.GroupBy(column => column.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException($"The output would have two columns '{twice.Key}': an output of the model and one of --keep; "
                + "leave it out there.");
        }

        if (_writer is not null && !columns.SequenceEqual(_journal.Columns))
        {
            throw new DatasetException(
                $"The model's answer has other columns at row {State.NextRow} ({string.Join(", ", columns.Select(Shown))}) than before "
                + $"({string.Join(", ", _journal.Columns.Select(Shown))}); one file has one set of columns.");
        }

        return new RowChunk([.. answers.Columns.Zip(columns, KeptColumns.Convert)], answers.Rows);

        static string Shown(ColumnType column) => $"{column.Name}: {column}";
    }

    private async ValueTask<JournalPart> StateAsync(CancellationToken cancellationToken)
    {
        _failed?.Flush();
        var settled = _writer is null ? 0 : await _writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        var end = _writer is null ? 0 : new FileInfo(_folder.Rows).Length;
        var failed = _failed?.Length ?? (File.Exists(_folder.Failed) ? new FileInfo(_folder.Failed).Length : 0);
        var tail = "";
        if (end > settled)
        {
            tail = JobRestore.SaveTail(_folder, _journal.Parts.Count, settled);
        }

        return State with
        {
            Settled = settled,
            Hash = settled > _done.Settled ? FileHash.OfRange(_folder.Rows, _done.Settled, settled)! : "",
            TailBytes = end - settled,
            TailHash = tail,
            FailedBytes = failed,
            FailedHash = failed > _done.FailedBytes ? FileHash.OfRange(_folder.Failed, _done.FailedBytes, failed)! : "",
        };
    }
}
