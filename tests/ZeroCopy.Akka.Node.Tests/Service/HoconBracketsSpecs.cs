using ZeroCopy.Node.Service;

namespace ZeroCopy.Node.Tests.Service;

public sealed class HoconBracketsSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData("a { b = [1, 2], c { } }")]
    [InlineData("# a {\nb = 1 // }\nc = 2 #]")]
    [InlineData("a = \"{\", b = \"\\\"}\", c = \"\\\\\"")]
    [InlineData("a = \"\"\"{ \" \n ]\"\"\"\nb {}")]
    public void HoconBrackets_should_find_nothing_when_each_has_its_other_half(string text) => Assert.Null(HoconBrackets.Problem(text));

    [Theory]
    [InlineData("a {", "'{' in line 1 is not closed")]
    [InlineData("a {\n b = [1, 2\n", "'[' in line 2 is not closed")]
    [InlineData("}", "'}' in line 1 closes nothing")]
    [InlineData("a {\n b = [1 }\n]", "'}' in line 2 closes nothing")]
    [InlineData("a = \"\"\"\n\n\"\"\"\n]", "']' in line 4 closes nothing")]
    [InlineData("# }\n{", "'{' in line 2 is not closed")]
    [InlineData("a = \"open\n}", "'}' in line 2 closes nothing")]
    [InlineData("a = \"\\", null)]
    [InlineData("\"\"\"", null)]
    public void HoconBrackets_should_name_the_first_that_has_none(string text, string? problem) =>
        Assert.Equal(problem, HoconBrackets.Problem(text));
}
