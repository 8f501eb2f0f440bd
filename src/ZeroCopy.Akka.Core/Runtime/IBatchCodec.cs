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

    /// <summary>
    /// What requests of this key join by: those of equal groups do. The key itself, unless the codec pads requests to one size.
    /// </summary>
    object GroupOf(object key) => key;

    /// <summary>
    /// A codec that pads requests of different sizes, so that they join; null where this one cannot. Each answer is cut to what its
    /// request would have alone, if the model answers a padded request with that and more.
    /// </summary>
    IBatchCodec? WithPadding(RequestPadding padding) => null;

    /// <summary>One request with the rows of all, which are of one group, in order. The parts stay with their owners.</summary>
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
    /// Takes off what an answer has only because its request was padded: an element of <see cref="Split"/>, and the key of its request.
    /// Takes ownership of <paramref name="answer"/>; what is returned is the caller's.
    /// </summary>
    object Cut(object answer, object key) => answer;

    /// <summary>
    /// Whether two requests, or two answers, are the same but for the rounding of other kernels: equal structure, types and shapes, whole
    /// numbers that are equal, and others that are close. Both stay with their owners.
    /// </summary>
    bool AreSame(object? one, object? other);

    /// <summary>Releases the native memory behind a request or an answer that nobody wants any more.</summary>
    void Release(object? value);
}
