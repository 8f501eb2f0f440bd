namespace ZeroCopy.Store.Files;

/// <summary>When a model was last put or leased: the modification time of its manifest file, which never changes otherwise.</summary>
internal static class LastUse
{
    // A lease a second is enough to know what is in use; a system call for each would be most of a warm lease's cost.
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);

    public static DateTimeOffset Read(string manifestPath, DateTimeOffset otherwise)
    {
        var written = File.GetLastWriteTimeUtc(manifestPath);
        return File.Exists(manifestPath) ? new DateTimeOffset(written, TimeSpan.Zero) : otherwise;
    }

    public static void Record(ModelRecord model, string manifestPath, DateTimeOffset now, bool always = false)
    {
        if (always || now - model.LastUsed >= Resolution)
        {
            model.LastUsed = now;
            File.SetLastWriteTimeUtc(manifestPath, now.UtcDateTime);
        }
    }
}
