using System.CommandLine;
using ZeroCopy.Node.Cli;
using ZeroCopy.Store;

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
    [InlineData("put model.pt --name bert@007", "bert@007")]
    [InlineData("put model.pt --name bert@-1", "bert@-1")]
    [InlineData("cluster rollback bert@0 --node a:1", "names a version")]
    [InlineData("cluster rollout bert --node a:1", "names no version")]
    [InlineData("cluster status --node a:x", "'a:x'")]
    [InlineData("cluster status --node a:", "'a:'")]
    [InlineData("store", "Required command")]
    [InlineData("bench nothing", "'put'")]
    [InlineData("ls --colour", "'--colour'")]
    [InlineData("batch bert -i a.csv -o b.csv --timeout x", "--timeout is x; it must be a number of seconds, such as 0.5.")]
    [InlineData("batch bert -i a.csv -o b.csv --commit-every 1s", "--commit-every is 1s; it must be a number of seconds, such as 0.5.")]
    [InlineData("ls --config x.conf", "--config is read with --node alone")]
    [InlineData("put EMPTY --name bert", "PATH is empty")]
    [InlineData("ls --store EMPTY", "--store is empty")]
    [InlineData("predict bert -i EMPTY", "--input is empty")]
    [InlineData("predict bert -i x.json -o EMPTY", "--output is empty")]
    [InlineData("batch bert -i EMPTY -o x.csv", "--input is empty")]
    [InlineData("node --config EMPTY", "--config is empty")]
    [InlineData("store stat --node EMPTY", "--node is empty")]
    [InlineData("demo train -o EMPTY", "--output is empty")]
    public async Task CommandLine_should_say_what_is_wrong_in_one_line_and_exit_with_2(string line, string words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(
            2, await CommandLine.RunAsync(
                Program.Commands(),
                [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word == "EMPTY" ? "" : word)], output, error));

        Assert.Empty(output.ToString());
        var problem = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(words, problem, StringComparison.Ordinal);
        Assert.Contains("--help", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put model.pt --name bert@0", "'bert@0' must be 1 to 2147483647")]
    [InlineData("rm bert@2147483648 --node a:1", "'bert@2147483648' must be 1 to")]
    [InlineData("pull bert@0 --node a:1", "'bert@0' must be 1 to")]
    [InlineData("cluster rollout bert@0 --node a:1", "'bert@0' must be 1 to")]
    [InlineData("node --serve bert@0", "'bert@0' must be 1 to")]
    [InlineData("node --seed a:70000", "--seed is a:70000; its port must be 1 to 65535")]
    [InlineData("cluster status --node a:1,b:0", "--node is b:0; its port must be 1 to 65535")]
    [InlineData("rm bert --node akka.tcp://zerocopy@a:99999999999", "its port must be 1 to 65535")]
    public async Task CommandLine_should_refuse_a_value_out_of_its_range_in_one_line_and_exit_with_1(string line, string words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());

        Assert.Equal(1, await CommandLine.RunAsync(Program.Commands(), line.Split(' '), output, error));

        Assert.Empty(output.ToString());
        Assert.Contains(
            words, Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("show nothing", "2>/dev/full", 1)]
    [InlineData("show nothing", "2>&-", 1)]
    [InlineData("fly", "2>/dev/full", 2)]
    [InlineData("fly", "2>&-", 2)]
    [InlineData("ls", "2>/dev/full", 0)]
    public void CommandLine_should_keep_its_exit_code_where_standard_error_is_full_or_closed(string command, string redirection, int code)
    {
        using var zerocopy = new Zerocopy();
        Assert.Equal(code, RunWith(zerocopy, redirection, command).ExitCode);
    }

    [SkippableTheory]
    [InlineData("ls", ">/dev/full")]
    [InlineData("ls", ">&-")]
    [InlineData("--help", ">/dev/full")]
    [InlineData("--help", ">&-")]
    public void CommandLine_should_say_that_standard_output_is_full_or_closed(string command, string redirection)
    {
        using var zerocopy = new Zerocopy();
        RunWith(zerocopy, redirection, command).Failed(1, "Standard output cannot be written: ");
    }

    private static Run RunWith(Zerocopy zerocopy, string redirection, string command)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/dev/full is Linux's.");
        ObjectStore.Open(new ObjectStoreOptions { Directory = zerocopy.Store }).Dispose();
        using var process = zerocopy.StartBehind(["sh", "-c", $"exec \"$@\" {redirection}", "sh"], command.Split(' '));
        return Zerocopy.Finish(process);
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
