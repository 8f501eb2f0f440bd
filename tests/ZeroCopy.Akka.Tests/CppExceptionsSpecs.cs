using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using ZeroCopy.TestSupport;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests;

/// <summary>What a C++ exception that TorchSharp does not catch does to a process: each case in one of its own.</summary>
public sealed class CppExceptionsSpecs : IDisposable
{
    private const string Program = "ZeroCopy.Akka.ModelProcess";
    private const int Aborted = 128 + 6;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TemporaryDirectory _directory = new();

    public CppExceptionsSpecs() =>
        Skip.IfNot(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "Exceptions are caught on Linux x64.");

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task Process_should_go_on_after_a_wrong_shape()
    {
        using var program = await ChildProcess.StartAsync(Program, _directory.File("store"), "wrong-shape", "on");

        await program.ReadAsync();
        Assert.StartsWith(
            "failed: mat1 and mat2 shapes cannot be multiplied (3x4 and 5x7)", await program.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await program.EndAsync());
    }

    [SkippableTheory]
    [InlineData("off-in-code", "1")]
    [InlineData("off-in-settings", "1")]
    [InlineData("on", "0")]
    public async Task Process_should_end_at_a_wrong_shape_when_exceptions_are_left_alone(string how, string variable)
    {
        using var program = await ChildProcess.StartFromAsync(
            AppContext.BaseDirectory, Program, [_directory.File("store"), "wrong-shape", how], ("ZEROCOPY_CATCH_CPP_EXCEPTIONS", variable));

        Assert.StartsWith("remark:", await program.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(Aborted, await program.EndAsync());
    }

    [SkippableFact]
    public async Task Process_should_end_at_a_wrong_shape_and_say_so_when_the_library_is_another_build()
    {
        var folder = _directory.File("program");
        CopyWithAnotherBuild(AppContext.BaseDirectory, folder);

        using var program = await ChildProcess.StartFromAsync(folder, Program, [_directory.File("store"), "wrong-shape", "on"]);

        Assert.Contains($"LibTorchSharp has the build id {new string('0', 40)} here", await program.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal(Aborted, await program.EndAsync());
    }

    [SkippableFact]
    public async Task Host_should_log_that_an_exception_was_caught()
    {
        using var system = ActorSystem.Create(
            "warned", ConfigurationFactory.ParseString($"zerocopy.object-store.directory = \"{_directory.File("store")}\""));
        using var inbox = Inbox.Create(system);
        system.EventStream.Subscribe(inbox.Receiver, typeof(Warning));
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system });
        using var left = ones(3, 4);
        using var right = ones(5, 7);

        Assert.Throws<ExternalException>(() => left.matmul(right));

        var warning = inbox.ReceiveWhere(message => $"{message}".Contains("THSTensor_matmul", StringComparison.Ordinal), Patience);
        Assert.Contains("its call failed, and the process, which would have ended, goes on", $"{warning}", StringComparison.Ordinal);
    }

    // Programs are found by their real place, so that it is a file of its own; libraries take hundreds of megabytes.
    private static void CopyWithAnotherBuild(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            switch (Path.GetFileName(file))
            {
                case "libLibTorchSharp" or "libLibTorchSharp.so":
                    File.WriteAllBytes(copy, WithoutBuildId(File.ReadAllBytes(file)));
                    break;
                case var name when name.StartsWith(Program, StringComparison.Ordinal):
                    File.Copy(file, copy);
                    break;
                default:
                    File.CreateSymbolicLink(copy, file);
                    break;
            }
        }
    }

    private static byte[] WithoutBuildId(byte[] library)
    {
        ReadOnlySpan<byte> note = [4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, (byte)'G', (byte)'N', (byte)'U', 0];
        library.AsSpan(library.AsSpan().IndexOf(note) + note.Length, 20).Clear();
        return library;
    }
}
