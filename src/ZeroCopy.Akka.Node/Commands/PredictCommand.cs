using System.CommandLine;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Predict;
using ZeroCopy.Node.TensorFiles;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy predict</c>: one call of a model of the store.</summary>
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
        Description = "The method to call.",
        HelpName = "NAME",
        DefaultValueFactory = _ => ModelCalls.DefaultMethod,
    };

    public PredictCommand()
        : base("predict", "Call a model once.", "zerocopy predict detector --input audio.safetensors --output answer.npy")
    {
        Arguments.Add(_model);
        Options.Add(_input);
        Options.Add(_output);
        Options.Add(_method);
        Options.Add(GlobalOptions.Models);
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var input = context.Get(_input) is { } given ? Path.GetFullPath(given) : null;
        var output = context.Get(_output) is { } wanted ? CommandContext.OutputPath(wanted) : null;
        foreach (var path in new[] { input, output })
        {
            if (path is not null && !TensorFile.IsKnown(path))
            {
                throw new UsageException($"'{path}' is not a {TensorFile.Extensions} file.");
            }
        }

        var inputs = input is null ? CallInputs.None : TensorFile.Read(input);
        using var runtime = NodeRuntime.Open(context);
        var handle = CommandContext.Resolve(runtime.Store, context.Get(_model));
        if (runtime.Store.ReadManifest(handle.Id).Recipe is Recipe.Weights)
        {
            throw new RecipeUnavailableException($"{handle} holds weights alone, so nothing here can build the module that runs them.");
        }

        using var instance = await runtime.Torch.OpenAny(handle).RentAsync(cancellationToken).ConfigureAwait(false);
        var call = ModelCalls.Find(instance.Target, handle.ToString(), context.Get(_method));
        var answer = (IReadOnlyList<NamedValue>)instance.Run((_, _) => AnswerNames.Of(Call(call, inputs, input)), null)!;
        if (output is not null)
        {
            TensorFile.Write(output, answer);
        }

        Print(context, output, answer);
        return ExitCode.Success;
    }

    private static object? Call(IModelCall call, CallInputs inputs, string? input)
    {
        try
        {
            return call.Invoke(ArgumentBinder.Bind(call.Parameters, inputs));
        }
        catch (InputMismatchException error)
        {
            throw new InputMismatchException(
                input is null ? $"{error.Message} Give them with --input." : $"'{input}': {error.Message}", error);
        }
    }

    private static void Print(CommandContext context, string? output, IReadOnlyList<NamedValue> answer)
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
                Tensors = answer.OfType<NamedTensor>().Select(
                    tensor => new { tensor.Name, DType = tensor.Tensor.Layout.DType.ToString(), tensor.Tensor.Layout.Shape }),
                Texts = answer.OfType<NamedText>().Select(text => text.Name),
            });
        }
        else
        {
            var shown = answer.Select(
                value => PlainText.Of($"{value.Name} {(value is NamedTensor(_, var tensor) ? $"{tensor.Layout}" : JsonInput.TextType)}"));
            context.Output.WriteLine($"{PlainText.Of(output)}  {string.Join(", ", shown)}");
        }
    }
}
