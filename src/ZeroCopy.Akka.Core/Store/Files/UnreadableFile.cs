namespace ZeroCopy.Store.Files;

/// <summary>A segment or manifest that could not be read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why, for people; with the path.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Written">When it was last written to.</param>
/// <param name="IsDamaged">
/// Whether it is no segment or manifest of ours, and none becomes of it unless it is written anew; false where the reason may pass, such as
/// too many open files.
/// </param>
internal sealed record UnreadableFile(string Path, string Reason, long Bytes, DateTime Written, bool IsDamaged)
{
    /// <summary>The folder that it lies in.</summary>
    public string? Folder => System.IO.Path.GetDirectoryName(Path);

    /// <summary>Whether the file was written anew since: it may be whole now.</summary>
    public bool HasChanged => new FileInfo(Path) is { Exists: true } file && (file.Length != Bytes || file.LastWriteTimeUtc != Written);

    /// <summary>What is known of a file after an error of reading it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="file">As it was before.</param>
    /// <param name="error">The error.</param>
    /// <param name="isDamaged">Whether the file is to blame.</param>
    public static UnreadableFile Of(string path, FileInfo file, Exception error, bool isDamaged)
    {
        var reason = error.Message.StartsWith(path, StringComparison.Ordinal) ? error.Message : $"{path}: {error.Message}";
        return new UnreadableFile(path, reason, file.Exists ? file.Length : 0, file.LastWriteTimeUtc, isDamaged);
    }
}
