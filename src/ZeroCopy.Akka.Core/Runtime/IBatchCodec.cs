namespace ZeroCopy.Runtime;

/// <summary>
/// Joins single requests to one call and takes the answer apart again. Requests are joined along their first dimension. Thread-safe.
/// </summary>
public interface IBatchCodec
{
    /// <summary>
    /// Describes a request: how many rows it has and which requests it can be joined with (those of an equal key: same element type and
    /// same shape behind the first dimension). False where it cannot be joined at all; it is then run alone.
    /// </summary>
    bool TryDescribe(object? request, out int rows, out object key);

    /// <summary>One request with the rows of all, in order. The parts stay with their owners.</summary>
    object Join(IReadOnlyList<object> requests);

    /// <summary>
    /// The answers to the joined requests, in order: element i has <c>rows[i]</c> rows, and each is independent of the others' disposal.
    /// Takes ownership of <paramref name="answer"/>.
    /// </summary>
    /// <exception cref="ZeroCopy.Errors.InferenceException">
    /// The answer is of another kind, or its first dimension is not the sum of the rows.
    /// </exception>
    IReadOnlyList<object> Split(object answer, IReadOnlyList<int> rows);

    /// <summary>
    /// Whether two requests, or two answers, are the same but for the rounding of other kernels: equal structure, types and shapes, whole
    /// numbers that are equal, and others that are close. Both stay with their owners.
    /// </summary>
    bool AreSame(object? one, object? other);

    /// <summary>Releases the native memory behind a request or an answer that nobody wants any more.</summary>
    void Release(object? value);
}
