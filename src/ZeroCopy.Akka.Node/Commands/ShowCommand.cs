using System.CommandLine;
using Spectre.Console;
using ZeroCopy.Blocks;
using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;
using ZeroCopy.Store;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy show</c>: one model, how it is called, its tensors, and which of its blocks other models share.</summary>
internal sealed class ShowCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "NAME, NAME@VERSION or the model's id." };

    public ShowCommand()
        : base("show", "Show a model: its recipe, its methods, its tensors, and what it shares.", "zerocopy show detector@1")
    {
        Arguments.Add(_model);
        Options.Add(GlobalOptions.Models);
        Options.Add(GlobalOptions.Node);
        Options.Add(GlobalOptions.Config);
    }

    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken) => context.Nodes.Count > 0
        ? RemoteShow.RunAsync(context, RemoteModels.Name(context.Get(_model)), cancellationToken)
        : Task.FromResult(Show(context));

    private int Show(CommandContext context)
    {
        using var runtime = NodeRuntime.Open(context);
        var store = runtime.Store;
        var handle = CommandContext.Resolve(store, context.Get(_model));
        var manifest = store.ReadManifest(handle.Id);
        var sharedWith = SharedBlocks(store, handle.Id, manifest);
        var signature = SignatureOf(runtime, handle, out var reason);
        var sharedBytes = manifest.Tensors.DistinctBy(tensor => tensor.Block).Where(tensor => sharedWith.ContainsKey(tensor.Block))
            .Sum(tensor => tensor.Layout.ByteLength);

        if (context.Json)
        {
            context.PrintJson(new
            {
                Name = handle.Name?.ToString(),
                Id = handle.Id.ToString(),
                handle.Bytes,
                SharedBytes = sharedBytes,
                Recipe = RecipeText.Kind(manifest.Recipe),
                RecipeDetail = RecipeText.Detail(manifest.Recipe),
                Signature = signature is null ? null : SignatureText.Json(signature),
                manifest.Metadata,
                Tensors = manifest.Tensors.Select(tensor => new
                {
                    tensor.Name,
                    Role = tensor.Role.ToString(),
                    Dtype = tensor.Layout.DType.ToToken(),
                    tensor.Layout.Shape,
                    tensor.Layout.Strides,
                    Bytes = tensor.Layout.ByteLength,
                    Block = tensor.Block.ToString(),
                    tensor.Aliases,
                    SharedWith = sharedWith.GetValueOrDefault(tensor.Block, []),
                }),
            });
            return ExitCode.Success;
        }

        context.Output.WriteLine($"{handle}  {handle.Id}");
        context.Output.WriteLine($"recipe   {RecipeText.Kind(manifest.Recipe)}: {PlainText.Of(RecipeText.Detail(manifest.Recipe))}");
        foreach (var line in signature is null ? [$"unknown: {reason}"] : SignatureText.Lines(signature))
        {
            context.Output.WriteLine($"method   {PlainText.Of(line)}");
        }

        context.Output.WriteLine(
            $"weights  {ByteSize.Text(handle.Bytes)} in {manifest.Tensors.Length} tensors; "
            + $"{ByteSize.Text(sharedBytes)} of them also belong to other models");
        foreach (var (key, value) in manifest.Metadata)
        {
            context.Output.WriteLine($"{PlainText.Of(key)}: {PlainText.Of(value.ReplaceLineEndings(", "))}");
        }

        var table = new Table().AddColumns("tensor", "role", "layout", "size", "block", "tied to", "shared with");
        foreach (var tensor in manifest.Tensors)
        {
            table.AddRow(
                Markup.Escape(PlainText.Of(tensor.Name)),
                tensor.Role.ToString(),
                Markup.Escape(tensor.Layout.ToString()),
                ByteSize.Text(tensor.Layout.ByteLength),
                tensor.Block.ToString()[..12],
                Markup.Escape(PlainText.Of(string.Join(", ", tensor.Aliases))),
                string.Join(", ", sharedWith.GetValueOrDefault(tensor.Block, [])));
        }

        context.Print(table);
        return ExitCode.Success;
    }

    /// <summary>How the model is called; null, and the reason, where nothing here can build it.</summary>
    private static ModelSignature? SignatureOf(NodeRuntime runtime, ModelHandle model, out string? reason)
    {
        reason = null;
        try
        {
            return runtime.Torch.BinderOf(model).Signature;
        }
        catch (Exception error)
        {
            // What is stored can be shown all the same, also where a type cannot be built or libtorch cannot be loaded.
            reason = ErrorText.Of(error);
            return null;
        }
    }

    /// <summary>Names (else ids) of the other models that hold the same blocks.</summary>
    private static Dictionary<BlockId, List<string>> SharedBlocks(ObjectStore store, ModelId id, Manifest manifest)
    {
        var own = manifest.Blocks.ToHashSet();
        var shared = new Dictionary<BlockId, List<string>>();
        foreach (var other in store.List().Where(model => model.Id != id))
        {
            var text = other.Names.IsEmpty ? other.Id.ToString()[..12] : other.Names[0].ToString();
            foreach (var block in store.ReadManifest(other.Id).Blocks.Where(own.Contains))
            {
                (shared.TryGetValue(block, out var names) ? names : shared[block] = []).Add(text);
            }
        }

        return shared;
    }
}
