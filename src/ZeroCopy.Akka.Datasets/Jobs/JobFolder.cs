using System.Globalization;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>The files of a job, in a folder beside its output until it is done.</summary>
internal sealed class JobFolder
{
    /// <summary>What the list of failed rows is called behind the output's name.</summary>
    public const string FailedExtension = ".failed.jsonl";

    private const string JournalName = "journal";

    public JobFolder(string output)
    {
        Output = Path.GetFullPath(output);
        Root = Output + ".job";
        FailedOutput = Output + FailedExtension;
    }

    /// <summary>The file that appears when all rows are done.</summary>
    public string Output { get; }

    /// <summary>The list of failed rows that appears with it.</summary>
    public string FailedOutput { get; }

    public string Root { get; }

    public string Journal => Path.Combine(Root, JournalName);

    public string Rows => Path.Combine(Root, "rows");

    public string Failed => Path.Combine(Root, "failed");

    public string Spare => Path.Combine(Root, "finished");

    public bool HasJournal => File.Exists(Journal);

    /// <summary>The file of the bytes behind a part's settled ones.</summary>
    public string Tail(int part) => Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"tail-{part}"));

    /// <summary>The file of the rows of a group that is not full yet.</summary>
    public string Pending(int file) => Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"pending-{file}"));

    /// <summary>Deletes every file but the journal and those that are named.</summary>
    public void Empty(params ReadOnlySpan<string> kept)
    {
        foreach (var file in Directory.EnumerateFiles(Root))
        {
            if (file != Journal && !kept.Contains(file))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Deletes the folder where it is empty, as a crash leaves it between the last two steps of a job.</summary>
    public void DeleteIfEmpty()
    {
        if (Directory.Exists(Root) && !Directory.EnumerateFileSystemEntries(Root).Any())
        {
            Directory.Delete(Root);
        }
    }

    /// <summary>Deletes the folder, the journal last. Where the rest is gone, it alone is no state that anything could go on
    /// from.</summary>
    public void Delete()
    {
        Empty();
        File.Delete(Journal);
        Directory.Delete(Root);
    }
}
