using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Node.Cli;

/// <summary>What a running command gets: its options, the store, and where to print.</summary>
internal sealed class CommandContext(ParseResult parsed)
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether standard output is for a machine.</summary>
    public bool Json { get; } = parsed.GetValue(GlobalOptions.Json);

    /// <summary>Whether errors show their stack trace.</summary>
    public bool Verbose { get; } = parsed.GetValue(GlobalOptions.Verbose);

    /// <summary>The directory given with <c>--store</c>; null for the default.</summary>
    public string? StoreDirectory { get; } = parsed.GetValue(GlobalOptions.Store) is { } directory ? Path.GetFullPath(directory) : null;

    /// <summary>Standard output: answers only.</summary>
    public TextWriter Output { get; } = parsed.InvocationConfiguration.Output;

    /// <summary>Standard error: progress, logs, errors.</summary>
    public TextWriter Error { get; } = parsed.InvocationConfiguration.Error;

    /// <summary>The nodes of <c>--node</c>, of which one is asked; none where the command works on the host's store.</summary>
    /// <exception cref="OptionException">A port is out of range.</exception>
    public IReadOnlyList<string> Nodes => NodeAddressParser.Within(
        GlobalOptions.Node.Name, [.. parsed.GetValue(GlobalOptions.Node) ?? [], .. parsed.GetValue(GlobalOptions.RequiredNode) ?? []]);

    public T Get<T>(Option<T> option) => parsed.GetValue(option)!;

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>The full path of a file to write, checked before the work that its content takes.</summary>
    /// <exception cref="DirectoryNotFoundException">Its folder is not there.</exception>
    public static string OutputPath(string path)
    {
        var full = FilePath(path, "--output");
        return Directory.Exists(Path.GetDirectoryName(full))
            ? full
            : throw new DirectoryNotFoundException($"There is no folder for '{full}'.");
    }

    /// <summary>The full path of a file that an option names.</summary>
    /// <exception cref="IOException">It is a folder.</exception>
    public static string FilePath(string path, string option)
    {
        var full = Path.GetFullPath(path);
        return Directory.Exists(full) ? throw new IOException($"'{full}' is a folder, and {option} is one file.") : full;
    }

    /// <summary>Settings of the store that the command works on.</summary>
    public ObjectStoreOptions StoreOptions() =>
        StoreDirectory is { } directory ? new ObjectStoreOptions { Directory = directory } : new ObjectStoreOptions();

    /// <summary>Whether nobody has put anything on this host yet, nor named a store that may be a slip of the pen.</summary>
    public bool AwaitsFirstPut => StoreDirectory is null
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ObjectStoreOptions.DirectoryVariable))
        && !ObjectStore.IsIn(StoreOptions().Directory);

    /// <summary>Settings of the store that a command works on which makes none.</summary>
    /// <exception cref="StoreUnavailableException">There is none.</exception>
    public ObjectStoreOptions ExistingStore()
    {
        var options = StoreOptions();
        return ObjectStore.IsIn(options.Directory) ? options
            : throw new StoreUnavailableException(File.Exists(options.Directory)
                ? $"'{options.Directory}' is a file, and a store is a folder."
                : $"There is no store in {options.Directory}: 'zerocopy put' makes one.");
    }

    /// <summary>The store that the command works on.</summary>
    /// <param name="creates">Whether it is made where it is not there.</param>
    /// <exception cref="StoreUnavailableException">It cannot be used, or is not there.</exception>
    public ObjectStore OpenStore(bool creates = false) => ObjectStore.Open(creates ? StoreOptions() : ExistingStore());

    /// <summary>A model by <c>NAME</c>, <c>NAME@VERSION</c> or the 64 digits of its id.</summary>
    public static ModelHandle Resolve(ObjectStore store, string model) =>
        ModelId.TryParse(model, out var id) ? store.Resolve(id) : store.Resolve(NameBesideId(model));

    /// <summary>The name that a text is where it may also be the id of a model.</summary>
    public static ModelName NameBesideId(string text) =>
        ModelNameParser.Name(text, "neither a model name such as bert or bert@3 nor an id of 64 hexadecimal digits");

    public void PrintJson<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, JsonOptions));

    /// <summary>Prints a table to standard output, without colours or line breaks of its own where that is not a terminal.</summary>
    public void Print(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Output) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = int.MaxValue / 2;
        }

        console.Write(table.Border(TableBorder.Simple));
    }

    /// <summary>Runs <paramref name="work"/> under a progress bar on standard error where that is a terminal; else without one.</summary>
    public Task<T> WithProgressAsync<T>(string what, Func<IProgress<double>, Task<T>> work) =>
        Console.IsErrorRedirected ? work(new NoProgress()) : ProgressBar.RunAsync(Error, what, work);

    private sealed class NoProgress : IProgress<double>
    {
        public void Report(double value)
        {
        }
    }
}
