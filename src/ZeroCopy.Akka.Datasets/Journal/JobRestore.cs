namespace ZeroCopy.Datasets.Journal;

/// <summary>Brings the files of a job back to a state of its journal.</summary>
internal static class JobRestore
{
    /// <summary>Verifies what the parts settled, and cuts the files to the last part that can be gone on from.</summary>
    /// <returns>How many of the parts count.</returns>
    public static int Restore(JobFolder folder, IReadOnlyList<JournalPart> parts)
    {
        var usable = Verified(folder, parts);
        while (usable > 0 && !(HasTail(folder, usable - 1, parts[usable - 1]) && HasPending(folder, parts[usable - 1])))
        {
            usable--;
        }

        if (usable == 0)
        {
            folder.Empty();
            return 0;
        }

        var part = parts[usable - 1];
        if (part.Settled + part.TailBytes == 0)
        {
            File.Delete(folder.Rows);
        }
        else
        {
            using var rows = new FileStream(folder.Rows, FileMode.Open, FileAccess.Write, FileShare.Read);
            rows.SetLength(part.Settled);
            rows.Position = part.Settled;
            if (part.TailBytes > 0)
            {
                rows.Write(File.ReadAllBytes(folder.Tail(usable - 1)));
            }
        }

        Cut(folder.Failed, part.FailedBytes);
        Cut(folder.Pending(part.PendingFile), part.PendingBytes);
        File.Delete(folder.Spare);
        return usable;
    }

    /// <summary>Copies the bytes of the work file behind the settled ones to a file of their own.</summary>
    /// <returns>Their hash.</returns>
    public static string SaveTail(JobFolder folder, int part, long settled)
    {
        using var rows = new FileStream(folder.Rows, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        rows.Position = settled;
        using (var tail = File.Create(folder.Tail(part)))
        {
            rows.CopyTo(tail);
        }

        return FileHash.OfRange(folder.Tail(part), 0, new FileInfo(folder.Tail(part)).Length)!;
    }

    private static void Cut(string path, long bytes)
    {
        if (bytes == 0)
        {
            File.Delete(path);
            return;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read);
        file.SetLength(bytes);
    }

    // The first parts whose bytes are what they were.
    private static int Verified(JobFolder folder, IReadOnlyList<JournalPart> parts)
    {
        var before = JournalPart.Start;
        for (var i = 0; i < parts.Count; i++)
        {
            if (!IsAsBefore(folder.Rows, before.Settled, parts[i].Settled, parts[i].Hash)
                || !IsAsBefore(folder.Failed, before.FailedBytes, parts[i].FailedBytes, parts[i].FailedHash))
            {
                return i;
            }

            before = parts[i];
        }

        return parts.Count;
    }

    private static bool IsAsBefore(string path, long start, long end, string hash) =>
        start == end || FileHash.OfRange(path, start, end) == hash;

    private static bool HasPending(JobFolder folder, JournalPart part) =>
        part.PendingBytes == 0 || FileHash.OfRange(folder.Pending(part.PendingFile), 0, part.PendingBytes) == part.PendingHash;

    private static bool HasTail(JobFolder folder, int index, JournalPart part) =>
        part.TailBytes == 0 || FileHash.OfRange(folder.Tail(index), 0, part.TailBytes) == part.TailHash;
}
