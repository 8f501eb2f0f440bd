using System.Globalization;

namespace ZeroCopy.Datasets.Journal;

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

    /// <summary>What is in the folder and is no file of a job's name; null where there is nothing else.</summary>
    public string? FindForeign() => Directory.Exists(Root)
        ? Directory.EnumerateFileSystemEntries(Root).FirstOrDefault(entry => Directory.Exists(entry) || !IsOwn(entry)) : null;

    /// <summary>Deletes every file of a job's name but the journal and those that are named.</summary>
    public void Empty(params ReadOnlySpan<string> kept)
    {
        foreach (var file in Directory.EnumerateFiles(Root))
        {
            if (file != Journal && IsOwn(file) && !kept.Contains(file))
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

    /// <summary>Deletes the job's files, the journal last, and the folder where nothing else is in it. Where the rest is gone, the
    /// journal alone is no state that anything could go on from.</summary>
    public void Delete()
    {
        Empty();
        File.Delete(Journal);
        DeleteIfEmpty();
    }

    private bool IsOwn(string file) => file == Journal || file == Rows || file == Failed || file == Spare
        || Path.GetFileName(file).Split('-') is ["tail" or "pending", var number]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
