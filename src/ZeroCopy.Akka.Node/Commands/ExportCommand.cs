using System.CommandLine;
using ZeroCopy.Node.Cli;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy export</c>: a model's weights as a safetensors file.</summary>
internal sealed class ExportCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "NAME, NAME@VERSION or the model's id." };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The .safetensors file to write.",
        HelpName = "FILE",
        Required = true,
    };

    public ExportCommand()
        : base("export", "Write a model's weights to a .safetensors file.", "zerocopy export detector@1 --output detector.safetensors")
    {
        Arguments.Add(_model);
        Options.Add(_output);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var path = CommandContext.OutputPath(context.Get(_output));
        if (!path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            throw new OptionException($"'{path}' does not end in .safetensors, the only format that weights are exported to.");
        }

        using var store = context.OpenStore();
        var handle = CommandContext.Resolve(store, context.Get(_model));
        using (var lease = store.Acquire(handle.Id, "zerocopy export"))
        {
            await Task.Run(() => SafetensorsExporter.Export(lease, path, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        var bytes = new FileInfo(path).Length;
        if (context.Json)
        {
            context.PrintJson(new { Name = handle.Name?.ToString(), Id = handle.Id.ToString(), Output = path, Bytes = bytes });
        }
        else
        {
            context.Output.WriteLine($"{path}  {ByteSize.Text(bytes)}");
        }

        return ExitCode.Success;
    }
}
