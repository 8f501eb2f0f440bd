using System.Collections.Immutable;
using System.Globalization;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Journal;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>Everything that decides what a job's output is, as words and values: what a later run must find again.</summary>
internal static class JobIdentity
{
    /// <summary>The identity of a job over some files.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Of(BatchJobOptions options, string model, IReadOnlyList<string> files)
    {
        var binding = options.Binding;
        var identity = new List<KeyValuePair<string, string>>
        {
            // The same one may have several names.
            new("model", options.ModelId.Length == 0 ? model : ""),
            new("model id", options.ModelId),
            new("--method", options.Method),
            new("--batch-size", Text(options.BatchSize)),
            new("--column", Names(binding.Columns)),
            new("--dtype", string.Join(' ', binding.DTypes.Select(pair => $"{pair.Key}={pair.Value.ToToken()}"))),
            new("--pad", string.Join(' ', binding.Padding.Select(pair => string.Create(CultureInfo.InvariantCulture,
                $"{pair.Key}={pair.Value}")))),
            new("--mask", string.Join(' ', binding.Masks.Select(pair => $"{pair.Key}={pair.Value}"))),
            new("--keep", Names(options.Keep)),
            new("format of the output", DatasetFormats.Of(options.Output).ToString()),
            new("--on-error", options.SkipFailed ? "skip" : "fail"),
            new("--fail-on-nan", options.FailOnNaN ? "yes" : "no"),
            new("--limit", options.Limit is { } limit ? Text(limit) : ""),
            new("number of input files", Text(files.Count)),
        };
        identity.AddRange(files.SelectMany(Of));
        return [.. identity];
    }

    /// <summary>What is another in two identities, in words; null where nothing is.</summary>
    public static string? Difference(IEnumerable<KeyValuePair<string, string>> before, IEnumerable<KeyValuePair<string, string>> now)
    {
        var old = before.ToDictionary(StringComparer.Ordinal);
        var changes = now.Where(pair => old.GetValueOrDefault(pair.Key) != pair.Value)
            .Select(pair => $"{pair.Key} was {Shown(old.GetValueOrDefault(pair.Key))} and is {Shown(pair.Value)}").ToList();
        return changes.Count == 0 ? null : string.Join("; ", changes);
    }

    // Of the file itself where it is named by a link. Its time tells of changes between its edges.
    private static IEnumerable<KeyValuePair<string, string>> Of(string path, int index)
    {
        using var file = File.OpenHandle(path);
        yield return new(
            $"input {index + 1}", $"{Path.GetFileName(path)}, {Text(RandomAccess.GetLength(file))} bytes, {FileHash.OfEdges(file)}");
        yield return new(
            $"time of input {index + 1}", File.GetLastWriteTimeUtc(file).ToString("O", CultureInfo.InvariantCulture));
    }

    // Two names, and one with a blank, are different.
    private static string Names(IEnumerable<string> names) =>
        string.Join(' ', names.Select(name => name.AsSpan().ContainsAny(" \"") ? $"\"{name.Replace("\"", "\"\"")}\"" : name));

    private static string Shown(string? value) => string.IsNullOrEmpty(value) ? "not given" : $"'{value}'";

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
