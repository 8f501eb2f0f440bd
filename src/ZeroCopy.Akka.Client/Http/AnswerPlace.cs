namespace ZeroCopy.Client.Http;

/// <summary>Where in an answer a value stands. A text only where one asks for it: what is right is not spoken of.</summary>
/// <param name="Parent">What it is a part of; null for the answer as a whole.</param>
/// <param name="Name">The field's name; that of the whole without a parent, and null for a part of an array.</param>
/// <param name="Index">The part's index.</param>
internal sealed record AnswerPlace(AnswerPlace? Parent, string? Name, int Index = 0)
{
    /// <summary>The answer.</summary>
    public static AnswerPlace Answer { get; } = new(null, "the answer");

    public override string ToString() => Parent is null ? Name! : Name is null ? $"{Parent}[{Index}]" : $"{Name} of {Parent}";
}
