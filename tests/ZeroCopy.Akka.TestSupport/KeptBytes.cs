namespace ZeroCopy.TestSupport;

/// <summary>
/// The bytes of messages as a text file in the repository keeps them, a line each, MANIFEST:HEXADECIMAL. Processes of the versions before
/// write and read these bytes, so lines are only ever added.
/// </summary>
public static class KeptBytes
{
    /// <summary>What is wrong; empty where the file has every sample, and each line of it is read and written as it stands there.</summary>
    /// <param name="file">Path of the file in the repository.</param>
    /// <param name="samples">The messages.</param>
    /// <param name="write">The manifest and the bytes of a message.</param>
    /// <param name="read">A message by its bytes and its manifest.</param>
    public static string Problems(
        string file, IEnumerable<object> samples, Func<object, (string Manifest, byte[] Bytes)> write, Func<byte[], string, object> read)
    {
        var kept = File.ReadAllLines(Path.Combine(RepositoryRoot.Path, file));
        var missing = samples.Select(Line).Except(kept).Select(line => $"""

            {file} has no such line:
            {line}
            Append it where the message or one of its fields is new. A line that is there already stays as it is, whatever it is of: where
            this one stands for it, the change breaks the processes of the versions before.
            """);
        var changed = kept.Where(line => Line(Message(line)) != line).Select(line => $"{file}: is written in another way now: {line}");
        return string.Join('\n', missing.Concat(changed));

        string Line(object message) => write(message) is var (manifest, bytes) ? $"{manifest}:{Convert.ToHexString(bytes)}" : "";

        object Message(string line) => line.Split(':') is [var manifest, var bytes]
            ? read(Convert.FromHexString(bytes), manifest)
            : throw new FormatException($"{file}: no manifest and bytes: {line}");
    }
}
