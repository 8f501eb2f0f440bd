namespace ZeroCopy.Store.Files;

/// <summary>A segment or manifest that could not be read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why, for people; with the path.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="IsDamaged">
/// Whether it is no segment or manifest of ours and never becomes one; false where the reason may pass, such as too many open files.
/// </param>
internal sealed record UnreadableFile(string Path, string Reason, long Bytes, bool IsDamaged)
{
    /// <summary>The folder that it lies in.</summary>
    public string? Folder => System.IO.Path.GetDirectoryName(Path);

    /// <summary>What is known of a file after an error of reading it.</summary>
    public static UnreadableFile Of(string path, Exception error, bool isDamaged)
    {
        var reason = error.Message.StartsWith(path, StringComparison.Ordinal) ? error.Message : $"{path}: {error.Message}";
        return new UnreadableFile(path, reason, new FileInfo(path) is { Exists: true } file ? file.Length : 0, isDamaged);
    }
}
