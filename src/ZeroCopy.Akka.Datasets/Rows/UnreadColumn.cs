namespace ZeroCopy.Datasets.Rows;

/// <summary>A column of a file that is of no type that is read here, such as a date or a map.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type in the file.</param>
internal sealed record UnreadColumn(string Name, string Type)
{
    /// <summary>What is said where it is asked for.</summary>
    public DatasetException Refusal() => new(
        $"Column '{Name}' is of type {Type}, and numbers, booleans, texts and lists of them are all that is read here; write it to the "
        + "file as one of these.");
}
