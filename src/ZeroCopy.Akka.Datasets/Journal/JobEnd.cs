namespace ZeroCopy.Datasets.Journal;

/// <summary>The last steps of a job, each of which a crash may come before or after.</summary>
internal static class JobEnd
{
    /// <summary>Whether the finished file has become the output.</summary>
    public static bool HasAppeared(JobFolder folder, FinishedFile finished) =>
        !File.Exists(Path.Combine(folder.Root, finished.Name))
        && new FileInfo(folder.Output) is { Exists: true } output && output.Length == finished.Bytes;

    /// <summary>Lets the output and the list of failed rows appear, and deletes everything else, the journal last.</summary>
    /// <param name="folder">The job's files.</param>
    /// <param name="finished">The output; null where every row has failed, so that the list appears alone.</param>
    public static void Publish(JobFolder folder, FinishedFile? finished)
    {
        // The output before the list, which is part of the state that a run goes on from where the output has not appeared.
        if (finished is not null)
        {
            MoveIfThere(Path.Combine(folder.Root, finished.Name), folder.Output);
        }

        if (finished is { Part.Failed: 0 })
        {
            File.Delete(folder.FailedOutput);
        }
        else
        {
            MoveIfThere(folder.Failed, folder.FailedOutput);
        }

        folder.Delete();
    }

    // What is not there any more was moved before the crash.
    private static void MoveIfThere(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
        }
    }
}
