namespace ZeroCopy.Batches;

/// <summary>What came of a batch of rows.</summary>
/// <param name="Rows">How many it had.</param>
/// <param name="Answers">The answers, in the order of the rows.</param>
/// <param name="Failed">The rows that have none, in their order.</param>
/// <param name="LetGo">Releases an answer that nobody takes.</param>
internal sealed record AnsweredRows<TOut>(int Rows, IReadOnlyList<TOut> Answers, IReadOnlyList<FailedRow> Failed, Action<object?> LetGo)
{
    public void Release()
    {
        foreach (var answer in Answers)
        {
            LetGo(answer);
        }
    }
}
