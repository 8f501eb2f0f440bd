using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>What <c>zerocopy batch</c> refuses, and how.</summary>
public sealed class BatchRefusalSpecs : IDisposable
{
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Theory]
    [InlineData("x\n1\n\"2\n", "--batch-size 1", "in.csv', line 3: a quote")]
    [InlineData("x,y\n1,2\n3\n", "", "in.csv', row 1 (from 0): line 3: there are 1 values, and the header has 2")]
    [InlineData("", "", "in.csv' is empty")]
    [InlineData("x\n", "", "there are no rows")]
    [InlineData("x\n1\n", "--column z", "no column 'z'. Did you mean 'x'?")]
    [InlineData("x\n1\n", "--keep idd", "no column 'idd'")]
    [InlineData("x\none\n", "", "row 0 (from 0): 'x' has one, which is no value of F32")]
    [InlineData("x,y\n,2\n", "--column x", "row 0 (from 0): 'x' is null")]
    [InlineData("x\n1\n", "--method fly", "'model' has no method 'fly'")]
    public void Batch_should_say_in_one_line_what_is_wrong(string content, string options, string words)
    {
        Put("return x * 2");
        File.WriteAllText(_zerocopy.File("in.csv"), content);

        Batch(_zerocopy.File("in.csv"), "out.csv", options.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Failed(1, words);

        Assert.Equal(
            ["in.csv", "model.pt", "store"],
                Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(_zerocopy.Store)!).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("--batch-size many", "--batch-size is many; it must be a whole number")]
    [InlineData("--actors many", "many")]
    [InlineData("--limit 1.5", "1.5")]
    [InlineData("--pad x", "write INPUT=VALUE")]
    [InlineData("--mask x=", "write INPUT=VALUE")]
    [InlineData("--pad x=one", "'one' is no number")]
    public void Batch_should_exit_with_2_before_it_opens_the_model_where_its_options_are_not_of_their_form(string options, string words)
    {
        Batch(Write("in.csv", "x", "1"), "out.csv", options.Split(' ')).Failed(2, words);
    }

    [Theory]
    [InlineData("--batch-size 0", "--batch-size is 0; it must be 1 to 2147483647")]
    [InlineData("--actors 0", "--actors is 0; it must be 1 to 2147483647")]
    [InlineData("--actors 1000000", "more would only wait for each other")]
    [InlineData("--actors 4097 --node 127.0.0.1:1", "--actors is 4097, and a job has calls for 4096 of a cluster at most")]
    [InlineData("--limit 0", "--limit is 0; it must be 1 to 9223372036854775807")]
    [InlineData("--batch-size 99999999999", "--batch-size is 99999999999; it must be 1 to 2147483647")]
    [InlineData("--actors 99999999999", "--actors is 99999999999; it must be 1 to 2147483647")]
    [InlineData("--limit 99999999999999999999", "--limit is 99999999999999999999; it must be 1 to 9223372036854775807")]
    [InlineData("--timeout 1e999", "--timeout is ")]
    [InlineData("--timeout 0", "--timeout is 0; a call takes more than 0 seconds")]
    [InlineData("--timeout 1e-9", "--timeout is 1E-09; the shortest time is 1E-07 seconds")]
    [InlineData("--pad x=9007199254740993", "'9007199254740993' has no F64 of that value")]
    [InlineData("--pad x=-1e400", "'-1e400' is larger than any F64")]
    [InlineData("--timeout -1", "--timeout is -1; it must be 0 to 86400000 seconds")]
    [InlineData("--commit-every -1", "--commit-every is -1; it must be 0 to 86400000 seconds")]
    [InlineData("--dtype x=F33", "no such element type")]
    [InlineData("--pad x=1 --pad x=2", "--pad is given twice for 'x'")]
    [InlineData("--keep x --keep x", "--keep x is given twice")]
    [InlineData("--keep idd", "no column 'idd' to keep")]
    [InlineData("--column z", "no column 'z'. Did you mean 'x'?")]
    [InlineData("--column y=x,z", "no column 'z'. Did you mean 'x'?")]
    [InlineData("--mask m=x", "'m' is to be the mask of 'x', which is not padded; add --pad x=0")]
    [InlineData("--mask m=x --mask n=x --pad x=0", "'x' has two masks, m and n")]
    public void Batch_should_exit_with_1_before_it_opens_the_model_where_an_option_cannot_be_met(string options, string words)
    {
        Batch(Write("in.csv", "x", "1"), "out.csv", options.Split(' ')).Failed(1, words);
    }

    [Fact]
    public void Batch_should_name_a_column_whose_name_has_lines_on_one()
    {
        var input = _zerocopy.File("in.csv");
        File.WriteAllText(input, "\"a\nb\",x\n1,2\n");

        Batch(input, "out.csv", "--keep", "nope").Failed(1, @"no column 'nope' to keep.", @"a\u000ab", "x");
    }

    [Fact]
    public void Batch_should_refuse_files_that_are_not_as_they_must_be_before_it_opens_the_model()
    {
        var input = Write("in.csv", "x", "1");
        Write("out.csv", "output");

        Batch(_zerocopy.File("none.csv"), "out.csv").Failed(1, "none.csv");
        Batch(input, "out.csv").Failed(1, "out.csv' is there already", "--force");
        Batch(input, "in.csv", "--force").Failed(1, "an input and an output of the job");
        Batch(input, "out.txt").Failed(1, "--output", "out.txt", ".parquet");
        Batch(input, "none/out.csv").Failed(1, "There is no folder for '");
    }

    [Fact]
    public void Batch_should_refuse_a_file_that_is_not_there_and_an_output_that_is()
    {
        Put("return x * 2");
        var input = Write("in.csv", "x", "1");
        Batch(_zerocopy.File("none.csv"), "out.csv").Failed(1, "none.csv");
        Batch(input, "out.csv").Succeeded();

        Batch(input, "out.csv").Failed(1, "--force");
        Batch(input, "out.csv", "--force").Succeeded();
        Batch(input, "out.csv", "--resume").Succeeded();
    }

    [Fact]
    public void Batch_should_refuse_a_model_that_does_not_answer_by_rows_and_nan_where_told_to()
    {
        Put("return torch.sum(x)");
        var input = Write("in.csv", "x", "1", "nan");
        Batch(input, "out.csv").Failed(1, "'output' has one number for 2 rows");

        Put("return x * 2");
        Batch(input, "out.csv", "--fail-on-nan").Failed(1, "row 1", "NaN");
    }

    private void Put(string body)
    {
        ScriptText.Save(_zerocopy.File("model.pt"), $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    {body}\n");
        _zerocopy.Run("put", _zerocopy.File("model.pt"), "--name", "model").Succeeded();
    }

    private Run Batch(string input, string output, params string[] options) =>
        _zerocopy.Run(["batch", "model", "--input", input, "--output", _zerocopy.File(output), .. options]);

    private string Write(string name, params string[] lines)
    {
        File.WriteAllLines(_zerocopy.File(name), lines);
        return _zerocopy.File(name);
    }
}
