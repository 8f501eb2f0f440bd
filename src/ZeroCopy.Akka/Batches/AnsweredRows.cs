using ZeroCopy.Errors;

namespace ZeroCopy.Batches;

/// <summary>What came of a batch of rows.</summary>
/// <param name="Rows">How many it had.</param>
/// <param name="Answers">The answers, in the order of the rows.</param>
/// <param name="Failed">The rows that have none, in their order: their places in the data set, and what the function threw.</param>
/// <param name="LetGo">Releases an answer that nobody takes.</param>
internal sealed record AnsweredRows<TOut>(
    int Rows, IReadOnlyList<TOut> Answers, IReadOnlyList<(long Index, InferenceException Failure)> Failed, Action<object?> LetGo)
{
    public void Release()
    {
        foreach (var answer in Answers)
        {
            LetGo(answer);
        }
    }
}
