namespace ZeroCopy.Datasets.Rows;

/// <summary>A column of a file that is of no type that is read here, such as a date or a map.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type in the file.</param>
internal sealed record UnreadColumn(string Name, string Type)
{
    /// <summary>What is said where the first of those that are wanted is asked for; null where none of them is unread.</summary>
    public static DatasetException? Refusal(IEnumerable<UnreadColumn> unread, Func<string, bool> isWanted) =>
        unread.FirstOrDefault(column => isWanted(column.Name)) is not { } first ? null : new(
            $"Column '{first.Name}' is of type {first.Type}, and numbers, booleans, texts and lists of them are all that is read here; "
            + "write it to the file as one of these.");
}
