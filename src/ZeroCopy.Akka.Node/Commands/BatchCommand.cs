using System.CommandLine;
using System.Numerics;
using ZeroCopy.Datasets;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Node.Batch;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary><c>zerocopy batch</c>: the rows of files through a pool on a model of the store, into a file.</summary>
internal sealed class BatchCommand : NodeCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "NAME, NAME@VERSION or the model's id." };

    private readonly Option<string[]> _input = new("--input", "-i")
    {
        Description =
            $"{DatasetFormats.Extensions} files, or patterns such as 'part-*.parquet', which are one dataset in this order; those of a "
            + "pattern in the order of their names.",
        HelpName = "FILE",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The file that appears when all rows are done; one of the same extensions.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _method = new("--method")
    {
        Description = "The method to call (default: the model's own).",
        HelpName = "NAME",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<BigInteger> _batchSize = new("--batch-size", "-b")
    {
        CustomParser = WholeNumber.Parse,
        Description = "Rows of one call; the last one may have fewer.",
        HelpName = "ROWS",
        DefaultValueFactory = _ => BatchJobOptions.DefaultBatchSize,
    };

    private readonly Option<BigInteger> _actors = new("--actors", "-a")
    {
        CustomParser = WholeNumber.Parse,
        Description = "Actors that compute side by side, each with one thread and an instance of its own on the shared weights; "
            + "with --node, as many as there are calls for at a time (default: the processors).",
        HelpName = "COUNT",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    private readonly Option<string[]> _columns = new("--column", "-c")
    {
        Description =
            "COLUMN, or INPUT=COLUMN,COLUMN: which columns go to which input. Several columns of numbers for one input are stacked in "
            + "their "
            + "order along a last dimension. Without it columns go to the inputs of their names. May be repeated.",
        HelpName = "COLUMNS",
    };

    private readonly Option<string[]> _keep = new("--keep", "-k")
    {
        Description = "A column of the input that the output has too. May be repeated.",
        HelpName = "COLUMN",
    };

    private readonly Option<string[]> _dtypes = new("--dtype")
    {
        Description = "INPUT=F32: the element type that an input gets, where the model does not say. May be repeated.",
        HelpName = "TYPE",
    };

    private readonly Option<string[]> _padding = new("--pad")
    {
        Description = "INPUT=NUMBER: lists of different lengths are filled up with the number to the longest of a batch. May be repeated.",
        HelpName = "FILL",
    };

    private readonly Option<string[]> _masks = new("--mask")
    {
        Description = "INPUT=PADDED: an input that gets 1 where an element of a padded one is the row's, and 0 where it fills up.",
        HelpName = "MASK",
    };

    private readonly Option<string> _onError = new("--on-error")
    {
        Description =
            "What a row does that fails: 'fail' ends the run, 'skip' leaves it out and lists it with its reason in OUTPUT"
            + ".failed.jsonl; the exit code is then 1.",
        HelpName = "fail|skip",
        DefaultValueFactory = _ => "fail",
    };

    private readonly Option<bool> _failOnNaN = new("--fail-on-nan") { Description = "A row with a not-a-number in its answer has failed." };

    private readonly Option<double?> _timeout = new("--timeout")
    {
        CustomParser = result => BatchPairs.ParseSeconds(result),
        Description = "Longest time of a batch; of one that takes longer, the rows that do are found (default: no limit).",
        HelpName = "SECONDS",
    };

    private readonly Option<BigInteger?> _limit = new("--limit")
    {
        CustomParser = WholeNumber.ParseOptional,
        Description = "Read so many rows at most.",
        HelpName = "ROWS",
    };

    private readonly Option<bool> _resume = new("--resume") { Description = "Go on where an earlier run of the same job ended." };

    private readonly Option<bool> _force = new("--force") { Description = "Replace an output that is there already." };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Show how the columns go to the inputs, and the first answers; write nothing.",
    };

    private readonly Option<double> _commit = new("--commit-every")
    {
        CustomParser = BatchPairs.ParseSeconds,
        Description = "Time between two states that --resume can go on from, at least; 0 for one after each batch.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => new BatchJobOptions { Inputs = [], Output = "" }.CommitInterval.TotalSeconds,
    };

    public BatchCommand()
        : base(
            "batch", "Send the rows of files through a model.",
            "zerocopy batch classifier --input rows.parquet --output answers.parquet --keep id --actors 4")
    {
        Arguments.Add(_model);
        _onError.AcceptOnlyFromAmong("fail", "skip");
        foreach (var option in (ReadOnlySpan<Option>)
            [
                _input, _output, _method, _batchSize, _actors, _columns, _keep, _dtypes, _padding, _masks, _onError, _failOnNaN, _timeout,
                    _limit,
                _resume, _force, _dryRun, _commit, GlobalOptions.Models, GlobalOptions.Node, GlobalOptions.Config,
            ])
        {
            Options.Add(option);
        }
    }

    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        CommandContext.OutputPath(context.Get(_output));
        CheckOutput(context);
        var options = Read(context);
        // The job looks again; but before a model is opened for nothing.
        var files = OptionCheck.Run(options, writes: !context.Get(_dryRun));
        await (await JobPlan.OpenAsync(options, files, cancellationToken).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        var wanted = WholeNumber.Within(_actors, context.Get(_actors), 1, int.MaxValue);
        var actors = context.Nodes.Count > 0 ? ActorCount.CheckForCluster(wanted) : ActorCount.Check(wanted, context.Error);
        var model = context.Nodes.Count > 0
            ? await BatchModel.ConnectAsync(context, RemoteModels.Name(context.Get(_model)), cancellationToken).ConfigureAwait(false)
            : await BatchModel.OpenAsync(context, context.Get(_model), actors, cancellationToken).ConfigureAwait(false);
        await using (model.ConfigureAwait(false))
        {
            // Of the calls on an actor one runs, and one waits for it, unless waiting takes of its time.
            options = options with { ModelId = model.Id, CallsInFlight = options.Timeout is null ? 2 * actors : actors };
            return context.Get(_dryRun)
                ? await ShowAsync(context, model, options, cancellationToken).ConfigureAwait(false)
                : await RunAsync(context, model, options, cancellationToken).ConfigureAwait(false);
        }
    }

    private void CheckOutput(CommandContext context)
    {
        if (!DatasetFormats.IsKnown(context.Get(_output)))
        {
            throw new DatasetException($"--output {context.Get(_output)}: the extension is not one that is written here; use "
                + $"{DatasetFormats.Extensions}.");
        }
    }

    private static async Task<int> RunAsync(
        CommandContext context, BatchModel model, BatchJobOptions options, CancellationToken cancellationToken)
    {
        BatchReport report;
        try
        {
            report = await BatchProgressView.RunAsync(
                context, progress => BatchJob.RunAsync(model.Endpoint, options, progress, cancellationToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            context.Error.WriteLine("zerocopy: batch was stopped. Run it again with --resume to go on behind the rows that are done.");
            return ExitCode.Failure;
        }

        BatchSummary.Print(context, report);
        return report.Failed == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private static async Task<int> ShowAsync(
        CommandContext context, BatchModel model, BatchJobOptions options, CancellationToken cancellationToken)
    {
        var preview = await BatchJob.PreviewAsync(model.Endpoint, options, cancellationToken).ConfigureAwait(false);
        BatchSummary.Print(context, preview);
        return preview.Failed == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private BatchJobOptions Read(CommandContext context) => new()
    {
        Inputs = [.. context.Get(_input)],
        Output = context.Get(_output),
        Method = context.Get(_method),
        BatchSize = WholeNumber.Within(_batchSize, context.Get(_batchSize), 1, int.MaxValue),
        Binding = new BindingOptions
        {
            Columns = [.. context.Get(_columns)],
            DTypes = BatchPairs.DTypes(context.Get(_dtypes)),
            Padding = BatchPairs.Numbers("--pad", context.Get(_padding)),
            Masks = BatchPairs.Of("--mask", context.Get(_masks)),
        },
        Keep = [.. context.Get(_keep)],
        SkipFailed = context.Get(_onError) == "skip",
        FailOnNaN = context.Get(_failOnNaN),
        Timeout = BatchPairs.Seconds("--timeout", context.Get(_timeout)),
        Limit = WholeNumber.Within(_limit, context.Get(_limit), 1, long.MaxValue),
        Resume = context.Get(_resume),
        Force = context.Get(_force),
        CommitInterval = BatchPairs.Seconds("--commit-every", context.Get(_commit))!.Value,
    };
}
