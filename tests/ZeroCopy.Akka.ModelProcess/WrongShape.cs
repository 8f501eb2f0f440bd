using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Torch.Guards;
using static TorchSharp.torch;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// A program that calls <c>matmul</c> with shapes that do not fit, from which a C++ exception gets out. Says <c>ready</c>, what was done to
/// the libraries in one line, and how the call failed, where it has not ended the process.
/// </summary>
internal static class WrongShape
{
    public static async Task RunAsync(string directory, string how, TextWriter answers)
    {
        answers.WriteLine("ready");
        if (how == "off-in-code")
        {
            TorchLibrary.CatchesCppExceptions = false;
        }

        var settings = ConfigurationFactory.ParseString(how == "off-in-settings" ? "zerocopy.inference.catch-cpp-exceptions = off" : "")
            // What it answers is on standard output.
            .WithFallback("akka { loglevel = OFF, stdout-loglevel = OFF }")
            .WithFallback($"zerocopy.object-store.directory = \"{directory}\"");
        using var system = ActorSystem.Create("wrong-shape", settings);
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { ActorSystem = system });
        TorchLibrary.Guard();
        answers.WriteLine($"remark: {TorchLibrary.Remark?.ReplaceLineEndings(" ")}");
        using var left = ones(3, 4);
        using var right = ones(5, 7);
        try
        {
            left.matmul(right).Dispose();
        }
        catch (ExternalException e)
        {
            answers.WriteLine($"failed: {e.Message}");
        }
    }
}
