using System.CommandLine;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy rm</c>: removes a name, and the model when no other name points to it.</summary>
internal sealed class RemoveCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "NAME (all its versions), NAME@VERSION, or the id of a model to remove with all its names.",
    };

    public RemoveCommand()
        : base("rm", "Remove a model from the store.", "zerocopy rm detector@1") => Arguments.Add(_model);

    public override Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var store = context.OpenStore();
        var text = context.Get(_model);
        var before = store.List().Select(model => model.Id).ToHashSet();
        if (ModelId.TryParse(text, out var id))
        {
            store.Remove(id);
        }
        else if (ModelName.TryParse(text, out var name))
        {
            store.Remove(name);
        }
        else
        {
            throw new UsageException($"'{text}' is neither a model name such as bert or bert@3 nor an id of 64 hexadecimal digits.");
        }

        before.ExceptWith(store.List().Select(model => model.Id));
        if (context.Json)
        {
            context.PrintJson(new { Removed = text, Models = before.Select(model => model.ToString()) });
        }
        else
        {
            context.Output.WriteLine(before.Count == 0 ? $"Removed the name {text}; its model has other names." : $"Removed {text}.");
        }

        return Task.FromResult(ExitCode.Success);
    }
}
