namespace ZeroCopy.Node.Tests.Service;

/// <summary>What a process writes to its standard error, line by line. Thread-safe.</summary>
internal sealed class NodeLog
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NodeLog(StreamReader errors) => End = ReadAsync(errors);

    /// <summary>Ends with the last line.</summary>
    public Task End { get; }

    /// <summary>The lines until now.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Waits for a line with some words; one that was written before does.</summary>
    public async Task<string> SaysAsync(string words, TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        for (var next = 0; ;)
        {
            Task more;
            lock (_lock)
            {
                for (; next < _lines.Count; next++)
                {
                    if (_lines[next].Contains(words, StringComparison.Ordinal))
                    {
                        return _lines[next];
                    }
                }

                more = End.IsCompleted
                    ? throw new InvalidOperationException($"The node ended without '{words}': {string.Join('\n', _lines)}") : _more.Task;
            }

            await Task.WhenAny(more, End).WaitAsync(late.Token);
        }
    }

    private async Task ReadAsync(StreamReader errors)
    {
        while (await errors.ReadLineAsync() is { } line)
        {
            TaskCompletionSource more;
            lock (_lock)
            {
                _lines.Add(line);
                (more, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            more.SetResult();
        }
    }
}
