using System.CommandLine;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Predict;
using ZeroCopy.Node.Remote;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy predict</c>: one call of a model of the store, or of a cluster.</summary>
internal sealed class PredictCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "NAME, NAME@VERSION or the model's id." };

    private readonly Option<string?> _input = new("--input", "-i")
    {
        Description =
            $"A {TensorFile.Extensions} file. Its tensors are bound by name where one has an argument's name, and then all must: parts of "
            + "a list, tuple or dictionary as ARGUMENT.0, ARGUMENT.1 or ARGUMENT.KEY. Else by position where all are called INPUT__0, "
            + "INPUT__1, …; else in the order of the file where that is yours, as in JSON; several tensors of a .safetensors file are "
            + "refused then. A method that takes nothing needs none.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = $"A {TensorFile.Extensions} file to write; without it the answer is printed as JSON.",
        HelpName = "FILE",
    };

    private readonly Option<string> _method = new("--method")
    {
        Description = "The method to call (default: the model's own).",
        HelpName = "NAME",
        DefaultValueFactory = _ => "",
    };

    public PredictCommand()
        : base("predict", "Call a model once.", "zerocopy predict detector --input audio.safetensors --output answer.npy")
    {
        Arguments.Add(_model);
        Options.Add(_input);
        Options.Add(_output);
        Options.Add(_method);
        Options.Add(GlobalOptions.Models);
        Options.Add(GlobalOptions.Node);
        Options.Add(GlobalOptions.Config);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var input = context.Get(_input) is { } given ? CommandContext.FilePath(given, "--input") : null;
        var output = context.Get(_output) is { } wanted ? CommandContext.OutputPath(wanted) : null;
        foreach (var path in new[] { input, output })
        {
            if (path is not null && !TensorFile.IsKnown(path))
            {
                throw new OptionException($"'{path}' is not a {TensorFile.Extensions} file.");
            }
        }

        if (input is not null && input == output)
        {
            throw new OptionException($"'{input}' is the input and the output; choose another --output.");
        }

        var inputs = input is null ? CallInputs.None : TensorFile.Read(input);
        using var answer = context.Nodes.Count > 0
            ? await CallNodeAsync(context, inputs, input, cancellationToken).ConfigureAwait(false)
            : await CallAsync(context, inputs, input, cancellationToken).ConfigureAwait(false);
        if (output is not null)
        {
            TensorFile.Write(output, answer.Outputs);
        }

        Print(context, output, answer.Outputs);
        return ExitCode.Success;
    }

    private async Task<ModelAnswer> CallAsync(CommandContext context, CallInputs inputs, string? input, CancellationToken cancellationToken)
    {
        using var runtime = NodeRuntime.Open(context);
        var handle = CommandContext.Resolve(runtime.Store, context.Get(_model));
        if (runtime.Store.ReadManifest(handle.Id).Recipe is Recipe.Weights)
        {
            throw new RecipeUnavailableException($"{handle} holds weights alone, so nothing here can build the module that runs them.");
        }

        using var endpoint = new DirectEndpoint(
            handle.ToString(), handle.Name?.Version, runtime.Torch.OpenAny(handle), runtime.Torch.BinderOf(handle));
        return await FileCall.RunAsync(endpoint, context.Get(_method), inputs, input, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ModelAnswer> CallNodeAsync(
        CommandContext context, CallInputs inputs, string? input, CancellationToken cancellationToken)
    {
        var model = RemoteModels.Name(context.Get(_model));
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            using var calls = await connection.CallsAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var endpoint = calls.Endpoint(model.Name, model.Version);
                return await FileCall.RunAsync(endpoint, context.Get(_method), inputs, input, cancellationToken).ConfigureAwait(false);
            }
            catch (InferenceException e) when (e.Failure == InferenceFailure.ModelNotFound)
            {
                // In the words of the other commands, which know the versions that there are.
                RemoteModels.Find(await connection.Node.StatusAsync(cancellationToken).ConfigureAwait(false), model);
                throw;
            }
        }
    }

    private static void Print(CommandContext context, string? output, IReadOnlyList<NamedTensor> answer)
    {
        if (output is null)
        {
            using var stream = new MemoryStream();
            JsonTensorWriter.Write(stream, answer);
            context.Output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
        }
        else if (context.Json)
        {
            context.PrintJson(new
            {
                Output = output,
                Tensors = answer.Where(value => !value.IsText).Select(
                    tensor => new { tensor.Name, Dtype = tensor.Tensor.Layout.DType.ToToken(), tensor.Tensor.Layout.Shape }),
                Texts = answer.Where(value => value.IsText).Select(text => text.Name),
            });
        }
        else
        {
            var shown = answer.Select(
                value => PlainText.Of($"{value.Name} {(value.IsText ? JsonInput.TextType : value.Tensor.Layout)}"));
            context.Output.WriteLine($"{PlainText.Of(output)}  {string.Join(", ", shown)}");
        }
    }
}
