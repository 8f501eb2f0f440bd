using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Journal;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>What can be said of a job's options before a model or a file is opened.</summary>
internal static class OptionCheck
{
    /// <summary>Refuses what no job could be made of.</summary>
    /// <param name="options">The options.</param>
    /// <param name="writes">Whether the output is to be written.</param>
    /// <returns>The input files, in their order.</returns>
    /// <exception cref="DatasetException">
    /// An option is out of its range, or contradicts another; or the output is there and not to be replaced.
    /// </exception>
    /// <exception cref="FileNotFoundException">An input is not there.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no folder for the output.</exception>
    public static IReadOnlyList<string> Run(BatchJobOptions options, bool writes)
    {
        CheckNumbers(options);
        if (options.Keep.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException($"--keep {twice.Key} is given twice.");
        }

        CheckMasks(options);
        if (options.Inputs.IsDefaultOrEmpty)
        {
            throw new DatasetException("There is no input; name files with --input.");
        }

        _ = DatasetFormats.Of(options.Output);
        var folder = new JobFolder(options.Output);
        var files = InputFiles.Expand(options.Inputs, folder.Output, folder.FailedOutput);
        InputFiles.Refuse(files, folder.Output, folder.FailedOutput);
        if (writes)
        {
            CheckOutput(options, folder);
        }

        return files;
    }

    private static void CheckOutput(BatchJobOptions options, JobFolder folder)
    {
        if (!options.Force && !options.Resume)
        {
            if (File.Exists(folder.Output))
            {
                throw new DatasetException($"'{options.Output}' is there already; choose another --output, or replace it with --force.");
            }

            if (File.Exists(folder.FailedOutput))
            {
                throw new DatasetException(
                    $"'{options.Output}{JobFolder.FailedExtension}' is there already, and the list of failed rows is called so; choose "
                    + "another --output, or replace it with --force.");
            }
        }

        if (Directory.Exists(folder.Output))
        {
            throw new DatasetException($"'{options.Output}' is a folder, and an output is one file; choose another --output.");
        }

        if (File.Exists(folder.Root))
        {
            throw new DatasetException(
                $"'{folder.Root}' is a file, and the job's own folder is called so; move it, or choose another --output.");
        }

        if (folder.FindForeign() is { } foreign)
        {
            throw new DatasetException(
                $"'{foreign}' is no file of a job, and stands in the job's own folder; move it, or choose another --output.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(folder.Output)))
        {
            throw new DirectoryNotFoundException($"There is no folder for '{folder.Output}'.");
        }
    }

    private static void CheckNumbers(BatchJobOptions options)
    {
        if (options.BatchSize < 1)
        {
            throw new DatasetException($"--batch-size is {options.BatchSize}; a call takes 1 row or more.");
        }

        if (options.Limit < 1)
        {
            throw new DatasetException($"--limit is {options.Limit}; it must be 1 or more.");
        }

        if (options.CallsInFlight < 1)
        {
            throw new DatasetException($"{options.CallsInFlight} calls at a time are too few; it must be 1 or more.");
        }

        if (options.Timeout is { } timeout && timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new DatasetException($"--timeout is {timeout.TotalSeconds}; a call takes more than 0 seconds.");
        }
    }

    private static void CheckMasks(BatchJobOptions options)
    {
        var binding = options.Binding;
        if (binding.Masks.GroupBy(pair => pair.Value).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new DatasetException($"'{twice.Key}' has two masks, {string.Join(" and ", twice.Select(pair => pair.Key))}; keep one "
                + "of them.");
        }

        if (binding.Masks.FirstOrDefault(pair => !binding.Padding.ContainsKey(pair.Value)) is { Key: { } mask, Value: var name })
        {
            throw new DatasetException($"'{mask}' is to be the mask of '{name}', which is not padded; add --pad {name}=0.");
        }
    }
}
