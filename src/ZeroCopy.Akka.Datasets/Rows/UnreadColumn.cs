namespace ZeroCopy.Datasets.Rows;

/// <summary>A column of files that is not read: of a type such as a map, or not the same in all of them.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type in the file.</param>
/// <param name="Difference">How the files differ, as a sentence; null where the type is why.</param>
internal sealed record UnreadColumn(string Name, string Type, string? Difference = null)
{
    /// <summary>What is said where the first of those that are wanted is asked for; null where none of them is unread.</summary>
    public static DatasetException? Refusal(IEnumerable<UnreadColumn> unread, Func<string, bool> isWanted) =>
        unread.FirstOrDefault(column => isWanted(column.Name)) is not { } first ? null : new(
            first.Difference ?? $"Column '{first.Name}' is of type {first.Type}, and numbers, booleans, texts and lists of them are all "
            + "that is read here; write it to the file as one of these.");
}
