using System.Buffers.Binary;
using System.IO.Compression;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Skeletons;

namespace ZeroCopy.Torch.Tests.Script.Archives;

public sealed class ScriptArchiveSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("model-v1..2", "extra/notes.txt")]
    [InlineData("..model", "extra/a..b.txt")]
    [InlineData("model", "extra/win\\path.txt")]
    public void ScriptArchive_should_take_names_with_dots_and_backslashes(string root, string extra)
    {
        using var archive = ScriptArchive.Open(Save(root, extra));

        var bytes = new byte[ScriptSkeleton.Create(archive).Archive.Layout.ByteLength];
        ScriptSkeleton.Create(archive).Archive.Read(0, bytes);
        using var zip = new ZipArchive(new MemoryStream(bytes));
        Assert.NotNull(zip.GetEntry($"{root}/{extra}"));
    }

    [Theory]
    [InlineData("..", "extra/notes.txt")]
    [InlineData("model", "../notes.txt")]
    [InlineData("model", "extra/./notes.txt")]
    public void ScriptArchive_should_refuse_names_that_climb(string root, string extra) => Assert.Contains(
        "do not lie in one folder",
        Assert.Throws<InvalidModelException>(() => ScriptArchive.Open(Save(root, extra))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("archive/archive_format", "pt2")]
    [InlineData("serialized_exported_program.json", "{}")]
    public void ScriptArchive_should_name_an_archive_of_torch_export(string record, string content)
    {
        var path = _directory.File("program.pt2");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using var writer = new StreamWriter(zip.CreateEntry(record, CompressionLevel.NoCompression).Open());
            writer.Write(content);
        }

        var refused = Assert.Throws<InvalidModelException>(() => ScriptArchive.Open(path)).Message;

        Assert.Contains("torch.export archive", refused, StringComparison.Ordinal);
        Assert.Contains("torch.jit.trace(program.module(), example)", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void ScriptArchive_should_refuse_compressed_records_that_unpack_to_more_than_is_read()
    {
        var path = Save("model", "extra/notes.txt");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            foreach (var name in new[] { "model/extra/one", "model/extra/other" })
            {
                using var writer = new StreamWriter(zip.CreateEntry(name, CompressionLevel.Optimal).Open());
                writer.Write(new string('a', 1000));
            }
        }

        ScriptArchive.Open(path).Dispose();
        var bytes = File.ReadAllBytes(path);
        for (var at = bytes.AsSpan().IndexOf("PK\x01\x02"u8); bytes.AsSpan(at).StartsWith("PK\x01\x02"u8);)
        {
            var header = bytes.AsSpan(at);
            if (BinaryPrimitives.ReadUInt16LittleEndian(header[10..]) == 8)
            {
                BinaryPrimitives.WriteInt32LittleEndian(header[24..], 300 << 20);
            }

            at += 46 + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[30..])
                + BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
        }

        File.WriteAllBytes(path, bytes);

        Assert.Contains(
            "unpack to 629145600 bytes or more; at most 536870912 are read",
            Assert.Throws<InvalidModelException>(() => ScriptArchive.Open(path)).Message,
            StringComparison.Ordinal);
    }

    private string Save(string root, string extra)
    {
        var path = _directory.File("script.pt");
        using var from = ZipFile.OpenRead(ScriptExample.Path("no_parameters.pt"));
        using var to = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var entry in from.Entries)
        {
            using var source = entry.Open();
            using var target = to.CreateEntry(
                root + entry.FullName[entry.FullName.IndexOf('/', StringComparison.Ordinal)..], CompressionLevel.NoCompression).Open();
            source.CopyTo(target);
        }

        to.CreateEntry($"{root}/{extra}", CompressionLevel.NoCompression).Open().Dispose();
        return path;
    }
}
