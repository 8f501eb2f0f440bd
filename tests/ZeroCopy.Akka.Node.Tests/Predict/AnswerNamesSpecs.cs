using System.Numerics;
using TorchSharp;
using ZeroCopy.Node.Predict;

namespace ZeroCopy.Node.Tests.Predict;

public sealed class AnswerNamesSpecs
{
    [Fact]
    public void AnswerNames_should_name_one_tensor_a_tuple_a_list_and_a_dictionary()
    {
        using var scope = torch.NewDisposeScope();
        var (a, b) = (torch.ones(2), torch.zeros(1, dtype: torch.ScalarType.Int64));

        Assert.Equal(["output F32[2]"], Names(a));
        Assert.Equal(["output_0 F32[2]", "output_1 I64[1]"], Names((a, b)));
        Assert.Equal(["output_0 F32[2]", "output_1 I64[1]"], Names(new object[] { a, b }));
        Assert.Equal(["x F32[2]", "y.0 I64[1]", "y.1 F32[2]"], Names(new Dictionary<string, object> { ["x"] = a, ["y"] = (b, a) }));
        Assert.Equal(["output I64[]"], Names(5L));
        Assert.Empty(AnswerNames.Of(null));
    }

    [Fact]
    public void AnswerNames_should_write_a_transposed_tensor_row_by_row()
    {
        using var scope = torch.NewDisposeScope();
        var answer = Assert.Single(AnswerNames.Of(torch.arange(6, dtype: torch.ScalarType.Int64).view(2, 3).t()));
        Assert.Equal([0L, 3, 1, 4, 2, 5], ((NamedTensor)answer).Tensor.Values<long>().ToArray());
    }

    [Fact]
    public void AnswerNames_should_leave_out_what_is_nothing_and_keep_the_places_of_the_others()
    {
        Assert.Empty(Names(ValueTuple.Create<object?>(null)));
        Assert.Empty(Names(Array.Empty<object>()));
        Assert.Equal(["output_1 I64[]"], Names((null as object, 5L, new Dictionary<string, object>())));
    }

    [Fact]
    public void AnswerNames_should_take_texts_devices_and_complex_numbers()
    {
        Assert.Equal(["output 'text'"], Names("text"));
        Assert.Equal(["output 'cpu'"], Names(torch.CPU));
        Assert.Equal(["output_0 C128[]", "output_1.0 'a'", "output_1.1 ''"], Names((new Complex(1, 2), ("a", ""))));
    }

    [Fact]
    public void AnswerNames_should_refuse_an_answer_that_no_file_can_hold()
    {
        var error = Assert.Throws<InputMismatchException>(() => AnswerNames.Of(new object()));
        Assert.Contains("no tensor, number or text", error.Message, StringComparison.Ordinal);
        var twice = Assert.Throws<InputMismatchException>(
            () => AnswerNames.Of(new Dictionary<string, object> { ["a.b"] = 1L, ["a"] = new Dictionary<string, object> { ["b"] = 2L } }));
        Assert.Contains("'a.b'", twice.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(object answer) => AnswerNames.Of(answer).Select(
        value => $"{value.Name} {(value is NamedTensor(_, var tensor) ? tensor.Layout.ToString() : $"'{((NamedText)value).Text}'")}");
}
