using System.CommandLine;
using System.Numerics;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy put</c>: a file or folder becomes a named model of the store.</summary>
internal sealed class PutCommand : NodeCommand
{
    private const int MaxNamed = 5;

    private readonly Argument<string> _path = new("PATH")
    {
        Description =
            "A TorchScript .pt, a .safetensors, a .safetensors.index.json, a TorchSharp .dat, or a folder with a config.json and weights.",
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "The model's name, with a version or without: then it gets the one that has this content already, else the next.",
        HelpName = "NAME[@VERSION]",
        Required = true,
        CustomParser = ModelNameParser.Parse,
    };

    private readonly Option<bool> _pin = new("--pin") { Description = "Keep the model from being evicted even when its name is gone." };

    private readonly Option<BigInteger?> _keepVersions = new("--keep-versions")
    {
        Description = "Of the name, keep the newest N versions, and older ones that a process uses (default: 0, all stay).",
        HelpName = "N",
        CustomParser = WholeNumber.ParseOptional,
    };

    public PutCommand()
        : base("put", "Put a model into the store.", "zerocopy put model.pt --name detector")
    {
        Arguments.Add(_path);
        Options.Add(_name);
        Options.Add(_pin);
        Options.Add(_keepVersions);
        Options.Add(GlobalOptions.Models);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var keepVersions = WholeNumber.Within(_keepVersions, context.Get(_keepVersions), 0, int.MaxValue);
        var name = ModelNameParser.Name(context.Get(_name)!);
        var path = Path.GetFullPath(context.Get(_path));
        if (!Path.Exists(path))
        {
            throw new FileNotFoundException($"There is no file or folder '{path}'.", path);
        }

        using var runtime = NodeRuntime.Open(context, creates: true);
        var options = new PutOptions { Name = name, Pin = context.Get(_pin), KeepVersions = keepVersions };
        var handle = await context.WithProgressAsync(
            $"put {Path.GetFileName(path)}",
            progress => runtime.Torch.PutFileAsync(path, options, new PutFraction(progress), cancellationToken)).ConfigureAwait(false);

        var leftOut = LeftOut(runtime.Store.ReadManifest(handle.Id));
        if (context.Json)
        {
            context.PrintJson(new { Name = handle.Name?.ToString(), Id = handle.Id.ToString(), handle.Bytes, LeftOut = leftOut });
        }
        else
        {
            context.Output.WriteLine($"{handle}  {ByteSize.Text(handle.Bytes)}  {handle.Id}");
            if (leftOut.Length > 0)
            {
                var more = leftOut.Length > MaxNamed ? $", and {leftOut.Length - MaxNamed} more; 'zerocopy show {handle}' lists them" : "";
                context.Error.WriteLine(
                    $"zerocopy: left out {leftOut.Length} tensor{(leftOut.Length == 1 ? "" : "s")} that the model does not use: "
                    + $"{PlainText.Of(string.Join(", ", leftOut.Take(MaxNamed)))}{more}.");
            }
        }

        return ExitCode.Success;
    }

    private static string[] LeftOut(Manifest manifest) =>
        manifest.Metadata.TryGetValue(ModelMetadata.LeftOut, out var names) ? names.Split('\n') : [];

    /// <summary>Hashing and writing go side by side, and bytes that the store has already are hashed only.</summary>
    private sealed class PutFraction(IProgress<double> inner) : IProgress<PutProgress>
    {
        public void Report(PutProgress value) => inner.Report(value.TotalBytes == 0 ? 1 : (double)value.HashedBytes / value.TotalBytes);
    }
}
