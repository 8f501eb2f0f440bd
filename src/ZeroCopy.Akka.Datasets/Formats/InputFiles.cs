using System.IO.Enumeration;
using ZeroCopy.Memory;

namespace ZeroCopy.Datasets.Formats;

/// <summary>Files and patterns of files as one list in a defined order.</summary>
internal static class InputFiles
{
    private static readonly StringComparer Names = OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>
    /// The files in the order in which they were named; those of a pattern in the order of their names' UTF-16 units. A pattern has <c>*
    /// </c> or <c>? </c> in the last part of its path, and matches names as the shell does: hidden files only where it begins with a dot.
    /// </summary>
    /// <param name="inputs">The files and patterns.</param>
    /// <param name="outputs">What is to be written, which no pattern matches, also through a link to the file.</param>
    /// <exception cref="DatasetException">
    /// A pattern matches nothing, a file is named twice, also through a link, or is a pipe or a device.
    /// </exception>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> inputs, params IReadOnlyList<string> outputs)
    {
        var written = Targets(outputs);
        var files = inputs.SelectMany(input => Expand(input, written)).ToList();
        if (files.GroupBy(Target, Names).FirstOrDefault(group => group.Count() > 1)?.ToList() is { } twice)
        {
            var also = twice[1] == twice[0] ? "" : $", also as '{twice[1]}'";
            throw new DatasetException($"'{twice[0]}' is given twice as an input{also}; every row is to be read once.");
        }

        return files.Find(file => !FileOwner.IsRegular(file)) is { } other
            ? throw new DatasetException($"'{other}' is a pipe or a device; a job reads its inputs more than once, so they must be files.")
            : files;
    }

    /// <summary>Refuses to read what is to be written, also through a link to the file.</summary>
    /// <exception cref="DatasetException">A file is an output too.</exception>
    public static void Refuse(IEnumerable<string> files, params IReadOnlyList<string> outputs)
    {
        var written = Targets(outputs);
        if (files.FirstOrDefault(file => written.Contains(Target(file))) is { } both)
        {
            throw new DatasetException($"'{both}' is an input and an output of the job; choose another --output.");
        }
    }

    private static HashSet<string> Targets(IReadOnlyList<string> files) => files.Select(Target).ToHashSet(Names);

    /// <summary>Where a file is, behind links to it and to the folders of its path; a link that leads nowhere is itself.</summary>
    private static string Target(string file)
    {
        var path = Path.GetFullPath(file);
        if (Path.GetDirectoryName(path) is not { } folder)
        {
            return path;
        }

        path = Path.Combine(Target(folder), Path.GetFileName(path));
        return Path.Exists(path) && File.ResolveLinkTarget(path, returnFinalTarget: false) is { } next ? Target(next.FullName) : path;
    }

    private static List<string> Expand(string input, HashSet<string> outputs)
    {
        if (File.Exists(input))
        {
            return [input];
        }

        var (name, folder) = (Path.GetFileName(input), Path.GetDirectoryName(input) is { Length: > 0 } given ? given : ".");
        if (!Directory.Exists(folder) && folder.AsSpan().ContainsAny("*?["))
        {
            throw new DatasetException($"'{input}': a pattern has * and ? in the name of the file alone; name each folder.");
        }

        if (!name.AsSpan().ContainsAny('*', '?'))
        {
            throw new FileNotFoundException(
                Directory.Exists(input)
                    ? $"'{input}' is a folder; name its files, such as '{Path.Combine(input, "*.parquet")}'."
                    : $"There is no file '{input}'{(name.Contains('[') ? "; a pattern has * and ? alone" : "")}.", input);
        }

        var files = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Select(Path.GetFileName).Where(file => name[0] == '.' || file![0] != '.')
                .Where(file => FileSystemName.MatchesSimpleExpression(name, file, ignoreCase: false)).Order(StringComparer.Ordinal)
                .Select(file => folder == "." ? file! : Path.Combine(folder, file!))
                .Where(file => !outputs.Contains(Target(file))).ToList()
            : [];
        return files.Count > 0 ? files : throw new DatasetException($"No file matches '{input}'.");
    }
}
