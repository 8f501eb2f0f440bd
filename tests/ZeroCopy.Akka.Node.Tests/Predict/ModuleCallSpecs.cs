using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Node.Predict;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Tests.Predict;

public sealed class ModuleCallSpecs
{
    [Fact]
    public void ModuleCall_should_call_forward_with_the_tensor()
    {
        using var classifier = new DigitClassifier();
        var call = ModelCalls.Find(classifier, "digits", ModelCalls.DefaultMethod);
        Assert.Equal([new CallParameter("input", ScriptType.Parse("Tensor"), IsOptional: false)], call.Parameters);

        using var answer = (torch.Tensor)call.Invoke([DigitData.HeldOut().Images(0, 3)])!;

        Assert.Equal([3, DigitClassifier.Classes], answer.shape);
    }

    [Fact]
    public void ModuleCall_should_know_which_arguments_are_optional()
    {
        using var bert = new BertModel(
            new BertConfiguration { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, IntermediateSize = 4, MaxPositions = 4 });
        var call = ModelCalls.Find(bert, "bert", ModelCalls.DefaultMethod);
        Assert.Equal(["input_ids False", "attention_mask True", "token_type_ids True"], call.Parameters.Select(
            parameter => $"{parameter.Name} {parameter.IsOptional}"));

        var answer = AnswerNames.Of(call.Invoke([HostTensor.From<long>(DType.Int64, [1, 2, 3], 1, 3), Type.Missing, null]));

        Assert.Equal(["last_hidden_state F32[1, 3, 4]", "pooler_output F32[1, 4]"], answer.Cast<NamedTensor>().Select(
            tensor => $"{tensor.Name} {tensor.Tensor.Layout}").Order());
    }

    [Fact]
    public void ModuleCall_should_say_in_one_line_that_an_input_does_not_fit()
    {
        using var classifier = new DigitClassifier();
        var call = ModelCalls.Find(classifier, "digits", ModelCalls.DefaultMethod);

        var error = Assert.Throws<InputMismatchException>(() => call.Invoke([HostTensor.From<float>(DType.Float32, [1, 2, 3], 1, 3)]));

        Assert.DoesNotContain('\n', error.Message);
        Assert.EndsWith("Check the shapes and types of the input.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fly")]
    [InlineData("Dispose")]
    [InlineData("get_Encoder")]
    public void ModuleCall_should_list_the_methods_when_there_is_none_of_that_name(string method)
    {
        using var classifier = new DigitClassifier();
        var error = Assert.Throws<MethodNotAllowedException>(() => ModelCalls.Find(classifier, "digits", method));
        Assert.Contains("it has forward", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ModuleCall_should_convert_numbers_to_what_the_method_declares()
    {
        using var module = new Scaled();
        var call = ModelCalls.Find(module, "scaled", ModelCalls.DefaultMethod);
        Assert.Equal(
            ["input Tensor False", "times int False", "scale float True", "name Optional[str] True"],
            call.Parameters.Select(parameter => $"{parameter.Name} {parameter.Type} {parameter.IsOptional}"));
        var input = HostTensor.From<float>(DType.Float32, [1], 1);

        Assert.Equal("1 x 3 x 1.5 ", call.Invoke([input, 3L, Type.Missing, null]));
        Assert.Equal("1 x 3 x 0.25 a", call.Invoke([input, 3L, 0.25, "a"]));
        Assert.Throws<InputMismatchException>(() => call.Invoke([input, 1L << 40, Type.Missing, null]));
        Assert.Throws<InputMismatchException>(() => call.Invoke([input, 3L, 1e300, null]));
    }

    private sealed class Scaled() : torch.nn.Module("scaled")
    {
        [SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
        public string forward(torch.Tensor input, int times, float scale = 1.5f, string? name = null) =>
            string.Create(CultureInfo.InvariantCulture, $"{input.item<float>()} x {times} x {scale} {name}");
    }
}
