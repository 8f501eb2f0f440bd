using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;

namespace ZeroCopy.Datasets.Journal;

/// <summary>
/// What a finished output says of its job: a file beside it would be in the way, and most formats have no place for it, so it is an
/// extended attribute of the file. Where the file system has none, or not enough room, an output says nothing; nor does a copy.
/// </summary>
/// <param name="Job">What the job was.</param>
/// <param name="NextRow">Rows of the dataset.</param>
/// <param name="Rows">Rows that were answered.</param>
/// <param name="Failed">Rows that failed.</param>
/// <param name="Bytes">Length of the output.</param>
/// <param name="Time">When it was written.</param>
internal sealed record OutputMark(
    ImmutableArray<KeyValuePair<string, string>> Job, long NextRow, long Rows, long Failed, long Bytes, DateTime Time)
{
    private const string Attribute = "user.zerocopy.job";

    /// <summary>Marks a file that is written to the end.</summary>
    public static void Write(string path, ImmutableArray<KeyValuePair<string, string>> job, JournalPart part)
    {
        var mark = new OutputMark(
            job, part.NextRow, part.Rows, part.Failed, new FileInfo(path).Length, File.GetLastWriteTimeUtc(path));
        var packed = new MemoryStream();
        using (var packer = new BrotliStream(packed, CompressionLevel.Optimal))
        {
            JsonSerializer.Serialize(packer, mark, JsonSerializerOptions.Web);
        }

        FileAttribute.TrySet(path, Attribute, packed.ToArray());
    }

    /// <summary>The mark of a file that is as it was when it was marked; null where there is none.</summary>
    public static OutputMark? Read(string path)
    {
        try
        {
            if (FileAttribute.Get(path, Attribute) is not { } packed)
            {
                return null;
            }

            using var unpacker = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
            var mark = JsonSerializer.Deserialize<OutputMark>(unpacker, JsonSerializerOptions.Web);
            return mark is { Job.IsDefault: false } && mark.Bytes == new FileInfo(path).Length
                && mark.Time == File.GetLastWriteTimeUtc(path) ? mark : null;
        }
        catch (Exception error) when (error is JsonException or InvalidDataException or InvalidOperationException)
        {
            // Somebody else's, or of another version: nothing that is known.
            return null;
        }
    }
}
