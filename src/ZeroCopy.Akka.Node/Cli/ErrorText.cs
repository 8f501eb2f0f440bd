using ZeroCopy.Datasets;
using ZeroCopy.Errors;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Node.Cli;

/// <summary>An error as one line: what happened, and what to do next.</summary>
internal static class ErrorText
{
    public static string Of(Exception error)
    {
        // What these name, such as a column, may have more than one line.
        var text = error is DatasetException or UsageException ? PlainText.Of(error.Message) : OneLine(error.Message);
        return Hint(error) is { } hint ? $"{text.TrimEnd('.')}. {hint}" : text;
    }

    private static string? Hint(Exception error) => error switch
    {
        ModelNotFoundException => "'zerocopy ls' lists the models of the store.",
        ModelInUseException => "End the process that uses it, then try again.",
        RecipeUnavailableException =>
            "Put the model as TorchScript (.pt) or as a folder with a config.json, name the assembly of its type with --models, or load it "
            + "from C# with a factory.",
        StoreUnavailableException => "Choose another directory with --store or ZEROCOPY_STORE.",
        ZeroCopyException or UsageException or TensorFileException or InputMismatchException => null,
        FileNotFoundException or DirectoryNotFoundException => "Check the path.",
        TypeInitializationException =>
            "libtorch cannot be loaded: build with the TorchBackend of this system, and see --verbose for the loader's report.",
        UnauthorizedAccessException => "Check the rights of the file and its folder.",
        IOException => null,
        OutOfMemoryException => "The memory does not suffice: end other programs, or give a smaller input.",
        _ => $"This is a bug ({error.GetType().Name}): run the command again with --verbose and report what it prints.",
    };

    /// <summary>Native libraries put stack traces behind the first line of their messages.</summary>
    private static string OneLine(string message)
    {
        var end = message.AsSpan().IndexOfAny('\r', '\n');
        return PlainText.Of((end < 0 ? message : message[..end]).Trim());
    }
}
