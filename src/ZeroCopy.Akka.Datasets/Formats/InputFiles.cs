using System.IO.Enumeration;

namespace ZeroCopy.Datasets.Formats;

/// <summary>Files and patterns of files as one list in a defined order.</summary>
internal static class InputFiles
{
    private static readonly StringComparison Names =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>
    /// The files in the order in which they were named; those of a pattern in the order of their names' UTF-16 units. A pattern has <c>*
    /// </c> or <c>? </c> in the last part of its path, and matches names as the shell does: hidden files only where it begins with a dot.
    /// </summary>
    /// <param name="inputs">The files and patterns.</param>
    /// <param name="outputs">What is to be written, which no pattern matches, also through a link to the file.</param>
    /// <exception cref="DatasetException">A pattern matches nothing, or a file is named twice.</exception>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> inputs, params IReadOnlyList<string> outputs)
    {
        var files = inputs.SelectMany(input => Expand(input, outputs)).ToList();
        return files.GroupBy(Path.GetFullPath).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DatasetException($"'{twice.First()}' is given twice as an input; every row is to be read once.")
            : files;
    }

    /// <summary>Refuses to read what is to be written, also through a link to the file.</summary>
    /// <exception cref="DatasetException">A file is an output too.</exception>
    public static void Refuse(IEnumerable<string> files, params IReadOnlyList<string> outputs)
    {
        if (files.FirstOrDefault(file => IsAny(outputs, file)) is { } both)
        {
            throw new DatasetException($"'{both}' is an input and an output of the job; choose another --output.");
        }
    }

    private static bool IsAny(IReadOnlyList<string> outputs, string file)
    {
        return outputs.Any(output => string.Equals(Target(output), Target(file), Names));

        static string Target(string file) =>
            (File.Exists(file) ? File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(file);
    }

    private static List<string> Expand(string input, IReadOnlyList<string> outputs)
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
                .Where(file => !IsAny(outputs, file)).ToList()
            : [];
        return files.Count > 0 ? files : throw new DatasetException($"No file matches '{input}'.");
    }
}
