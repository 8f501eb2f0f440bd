using System.CommandLine;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Tests.Cli;

public sealed class CommandLineSpecs
{
    public static TheoryData<string> Commands() => [.. All(Program.Commands()).Select(path => string.Join(' ', path))];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task CommandLine_should_show_an_example_in_the_help_of_each_command(string command)
    {
        var output = new StringWriter();

        Assert.Equal(0, await CommandLine.RunAsync(Program.Commands(),
            [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"], output, TextWriter.Null));

        var example = output.ToString().Split('\n').SkipWhile(
            line => !line.StartsWith("Example:", StringComparison.Ordinal)).ElementAt(1).Trim();
        Assert.StartsWith($"zerocopy {command}".TrimEnd(), example, StringComparison.Ordinal);
        Assert.Empty(Program.Commands().Parse(example["zerocopy ".Length..].Split(' ')).Errors);
    }

    [Theory]
    [InlineData("", "Required command")]
    [InlineData("fly", "'fly'")]
    [InlineData("put", "--name")]
    [InlineData("put model.pt --name no/slash", "no/slash")]
    [InlineData("put model.pt --name bert@0", "bert@0")]
    [InlineData("store", "Required command")]
    [InlineData("bench nothing", "'put'")]
    [InlineData("ls --colour", "'--colour'")]
    public async Task CommandLine_should_say_what_is_wrong_in_one_line_and_exit_with_2(string line, string words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(
            2, await CommandLine.RunAsync(Program.Commands(), line.Split(' ', StringSplitOptions.RemoveEmptyEntries), output, error));

        Assert.Empty(output.ToString());
        var problem = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(words, problem, StringComparison.Ordinal);
        Assert.Contains("--help", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommandLine_should_complete_commands_for_a_shell()
    {
        var output = new StringWriter();

        await CommandLine.RunAsync(Program.Commands(), ["[suggest:2]", "pu"], output, TextWriter.Null);

        Assert.Contains("put", output.ToString().Split(Environment.NewLine));
    }

    private static IEnumerable<string[]> All(Command command, params string[] path) =>
        command.Subcommands.Where(child => !child.Hidden).SelectMany(child => All(child, [.. path, child.Name])).Prepend(path);
}
