using System.Text.Json;
using ZeroCopy.Node.Cli;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Cli;

/// <summary>The command line inside the test's process, on a store of one test's own: for runs by the hundred.</summary>
internal sealed class LocalZerocopy : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Makes an empty store.</summary>
    public LocalZerocopy() => ObjectStore.Open(new ObjectStoreOptions { Directory = Store }).Dispose();

    /// <summary>The store's directory.</summary>
    public string Store => _directory.File("store");

    public string File(string name) => _directory.File(name);

    public Run Run(params string[] arguments) => RunOn(Store, arguments);

    /// <summary>Runs a command on a store, unless the command names another.</summary>
    public static Run RunOn(string directory, params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] store = arguments.Contains("--store") ? [] : ["--store", directory];
        var code = CommandLine.RunAsync(Program.Commands(), [.. arguments, .. store], output, error).GetAwaiter().GetResult();
        return new Run(code, output.ToString(), error.ToString());
    }

    /// <summary>Everything that the test's directory holds, by path, length and time of the last write.</summary>
    public IReadOnlyList<string> Snapshot() =>
    [
        .. new DirectoryInfo(_directory.Path).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal),
    ];

    /// <summary>Fails where the store holds a model, a byte of one, or of an unfinished put.</summary>
    public void AssertEmptyStore()
    {
        var statistics = Run("store", "stat", "--json").Succeeded().Json();
        Assert.Equal(0, Bytes("liveBytes") + Bytes("deadBytes") + Bytes("temporaryBytes"));
        Assert.Empty(Run("ls", "--json").Succeeded().Json().EnumerateArray());

        long Bytes(string name) => statistics.GetProperty(name) is { ValueKind: JsonValueKind.Number } bytes ? bytes.GetInt64() : 0;
    }

    public void Dispose() => _directory.Dispose();
}
