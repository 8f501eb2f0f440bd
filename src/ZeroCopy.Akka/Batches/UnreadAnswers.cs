namespace ZeroCopy.Batches;

/// <summary>The answers of a stream that its reader has not taken, which are let go of when it ends. Thread-safe.</summary>
/// <typeparam name="TOut">Type of an answer.</typeparam>
internal sealed class UnreadAnswers<TOut>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AnsweredRows<TOut>, int> _taken = new(ReferenceEqualityComparer.Instance);
    private bool _isOver;

    /// <summary>Keeps a batch until it is read; lets go of it where the stream is over.</summary>
    public AnsweredRows<TOut> Add(AnsweredRows<TOut> batch)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                _taken.Add(batch, 0);
                return batch;
            }
        }

        batch.Release();
        return batch;
    }

    /// <summary>The answers of a batch, each of them the reader's from then on.</summary>
    public IEnumerable<TOut> Take(AnsweredRows<TOut> batch)
    {
        for (var index = 0; TryTake(batch, index); index++)
        {
            yield return batch.Answers[index];
        }
    }

    /// <summary>Lets go of what was not taken.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        foreach (var (batch, taken) in _taken)
        {
            foreach (var answer in batch.Answers.Skip(taken))
            {
                batch.LetGo(answer);
            }
        }
    }

    private bool TryTake(AnsweredRows<TOut> batch, int index)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            if (index == batch.Answers.Count)
            {
                _taken.Remove(batch);
                return false;
            }

            _taken[batch] = index + 1;
            return true;
        }
    }
}
