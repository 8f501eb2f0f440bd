using ZeroCopy.Node.Service;

namespace ZeroCopy.Node.Tests.Service;

public sealed class HoconTextSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData("a { b = [1, 2], c { } }")]
    [InlineData("# a {\nb = 1 // }\nc = 2 #]")]
    [InlineData("a = \"{\", b = \"\\\"}\", c = \"\\\\\"")]
    [InlineData("a = \"\"\"{ \" \n ]\"\"\"\nb {}")]
    [InlineData("a = \"\\")]
    [InlineData("\"\"\"")]
    public void HoconText_should_leave_a_text_as_it_is_written(string text) => Assert.Equal(text, HoconText.ForParser(text));

    [Theory]
    [InlineData("a {", "'{' in line 1 is not closed")]
    [InlineData("a {\n b = [1, 2\n", "'[' in line 2 is not closed")]
    [InlineData("}", "'}' in line 1 closes nothing")]
    [InlineData("a {\n b = [1 }\n]", "'}' in line 2 closes nothing")]
    [InlineData("a = \"\"\"\n\n\"\"\"\n]", "']' in line 4 closes nothing")]
    [InlineData("# }\n{", "'{' in line 2 is not closed")]
    [InlineData("a = \"open\n}", "'}' in line 2 closes nothing")]
    public void HoconText_should_name_the_first_bracket_without_its_other_half(string text, string problem) =>
        Assert.Equal(problem, Assert.Throws<FormatException>(() => HoconText.ForParser(text)).Message);

    [Theory]
    [InlineData("a { b = 1 }, c = 2", "a { b = 1 }\n c = 2")]
    [InlineData("a { b { }\n , c { d = ${e.f}, g = 1 } }", "a { b { }\n \n c { d = ${e.f}\n g = 1 } }")]
    [InlineData("a = [ { b = 1 }, { b = 2 } ]", "a = [ { b = 1 }, { b = 2 } ]")]
    [InlineData("a = \"}, \" # },\nb = 1", "a = \"}, \" # },\nb = 1")]
    public void HoconText_should_leave_out_the_commas_that_the_parser_refuses(string text, string readable) =>
        Assert.Equal(readable, HoconText.ForParser(text));
}
