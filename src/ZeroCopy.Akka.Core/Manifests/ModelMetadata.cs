using System.Collections.Immutable;

namespace ZeroCopy.Manifests;

/// <summary>
/// The keys of a manifest's metadata. What begins with a prefix of ours is written here and believed; a file may say anything, so its own
/// keys of that form are kept behind another prefix, and get their form back in an export.
/// </summary>
public static class ModelMetadata
{
    /// <summary>Names of tensors of a checkpoint that the model does not use, one a line.</summary>
    public const string LeftOut = CheckpointPrefix + "left-out";

    /// <summary>Tensors of a script's state dictionary that no export can have, one a line: the name, a colon, and why.</summary>
    public const string NotExported = ScriptPrefix + "not-exported";

    private const string ScriptPrefix = "script.";
    private const string CheckpointPrefix = "checkpoint.";
    private const string FilePrefix = "file.";

    /// <summary>A file's metadata as a manifest keeps them.</summary>
    internal static ImmutableSortedDictionary<string, string> FromFile(IEnumerable<KeyValuePair<string, string>> metadata) =>
        metadata.ToImmutableSortedDictionary(
            pair => IsReserved(pair.Key) ? FilePrefix + pair.Key : pair.Key, pair => pair.Value, StringComparer.Ordinal);

    /// <summary>What of a manifest's metadata belongs in a file: all but what is ours.</summary>
    internal static Dictionary<string, string> ToFile(IEnumerable<KeyValuePair<string, string>> metadata) =>
        metadata.Where(pair => !IsOurs(pair.Key)).ToDictionary(
            pair => pair.Key.StartsWith(FilePrefix, StringComparison.Ordinal) ? pair.Key[FilePrefix.Length..] : pair.Key,
            pair => pair.Value,
            StringComparer.Ordinal);

    private static bool IsOurs(string key) =>
        key.StartsWith(ScriptPrefix, StringComparison.Ordinal) || key.StartsWith(CheckpointPrefix, StringComparison.Ordinal);

    private static bool IsReserved(string key) => IsOurs(key) || key.StartsWith(FilePrefix, StringComparison.Ordinal);
}
