using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Formats;

/// <summary>A file of one test, written and read by the product.</summary>
internal sealed class FormatFile(string name) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public string Path => _directory.File(name);

    /// <summary>Writes groups of rows and ends the file.</summary>
    public async Task WriteAsync(params RowChunk[] groups)
    {
        var work = _directory.File("work");
        string finished;
        await using (var writer = Open(work, groups[0]))
        {
            foreach (var group in groups)
            {
                await writer.WriteAsync(group, CancellationToken.None);
            }

            finished = await writer.CompleteAsync(_directory.File("spare"), CancellationToken.None);
        }

        File.Move(finished, Path, overwrite: true);
    }

    /// <summary>Writes each group by a writer of its own, as runs that are broken off do.</summary>
    public async Task WriteInRunsAsync(params RowChunk[] groups)
    {
        var work = _directory.File("work");
        foreach (var group in groups)
        {
            await using var writer = Open(work, group);
            await writer.WriteAsync(group, CancellationToken.None);
            await writer.FlushAsync(CancellationToken.None);
        }

        await using var last = Open(work, groups[0]);
        File.Move(await last.CompleteAsync(_directory.File("spare"), CancellationToken.None), Path, overwrite: true);
    }

    public async Task<RowChunk> ReadAsync(params string[] names)
    {
        await using var reader = await DatasetFormats.OpenReaderAsync(Path, CancellationToken.None);
        if (names.Length > 0)
        {
            reader.Select(names);
        }

        var chunks = new List<RowChunk>();
        while (await reader.ReadAsync(CancellationToken.None) is { } chunk)
        {
            chunks.Add(chunk);
        }

        return RowChunk.Concat(chunks);
    }

    public void Dispose() => _directory.Dispose();

    private IRowWriter Open(string work, RowChunk rows) =>
        DatasetFormats.OpenWriter(DatasetFormats.Of(Path), work, [.. rows.Columns.Select(column => column.Type)]);
}
