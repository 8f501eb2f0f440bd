using System.Text.Json;

namespace ZeroCopy.Node.Tests.Cli;

/// <summary>What a run gave.</summary>
internal sealed record Run(int ExitCode, string Output, string Error)
{
    private const string ProcessorRemark = "oneDNN computes wrong numbers on this processor";

    /// <summary>What it wrote to standard error, but for what only some processors have it say.</summary>
    public string Error { get; } =
        string.Join('\n', Error.Split('\n').Where(line => !line.Contains(ProcessorRemark, StringComparison.Ordinal)));

    public Run Succeeded()
    {
        Assert.True(ExitCode == 0, $"Exit code {ExitCode}: {Error}");
        return this;
    }

    public Run Failed(int exitCode, params string[] words)
    {
        Assert.Equal(exitCode, ExitCode);
        Assert.Empty(Output);
        Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(words, word => Assert.Contains(word, Error, StringComparison.Ordinal));
        return this;
    }

    public JsonElement Json() => JsonDocument.Parse(Output).RootElement;
}
