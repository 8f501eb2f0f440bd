using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Models.Bert;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class MethodBinderSpecs
{
    [Fact]
    public void MethodBinder_should_know_the_methods_of_a_module_and_what_is_optional() => Assert.Equal(
        [
            "forward(input_ids: Tensor [-1, -1], attention_mask: Optional[Tensor] [-1, -1] (optional), "
            + "token_type_ids: Optional[Tensor] [-1, -1] (optional)) "
            + "-> (last_hidden_state: Tensor [-1, -1, -1], pooler_output: Tensor [-1, -1] (optional))",
        ],
        MethodBinder.Of("bert", typeof(BertModel)).Signature.Methods.Select(method => method.ToString()));

    [Fact]
    public void MethodBinder_should_call_a_module_and_name_its_outputs()
    {
        using var bert = new BertModel(
            new BertConfiguration { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, IntermediateSize = 4, MaxPositions = 4 });

        using var answer = Run(bert, "", new NamedTensor("input_ids", HostTensor.From<long>(DType.Int64, [1, 2, 3], 1, 3)));

        Assert.Equal(
            ["last_hidden_state F32[1, 3, 4]", "pooler_output F32[1, 4]"],
            answer.Outputs.Select(output => $"{output.Name} {output.Tensor.Layout}").Order());
    }

    [Fact]
    public void MethodBinder_should_say_in_one_line_that_the_model_failed()
    {
        using var module = new Methods();

        var error = Assert.Throws<InferenceException>(
            () => Run(module, "forward", new NamedTensor("input", HostTensor.From<float>(DType.Float32, [1, 2, 3], 3))));

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.StartsWith("model.forward: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("fly")]
    [InlineData("Dispose")]
    [InlineData("ToString")]
    [InlineData("get_Rows")]
    [InlineData("train")]
    [InlineData("of_modules")]
    public void MethodBinder_should_list_the_methods_when_there_is_none_of_that_name(string method)
    {
        var error = Assert.Throws<InferenceException>(() => MethodBinder.Of("model", typeof(Derived)).Bind(method, []));

        Assert.Equal(InferenceFailure.MethodNotFound, error.Failure);
        Assert.Contains(
            $"has no method '{method}' that takes tensors; it has described, forward, sparse", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MethodBinder_should_convert_numbers_to_what_the_method_declares()
    {
        using var module = new Derived();
        var input = new NamedTensor("input", HostTensor.From<float>(DType.Float32, [1]));

        Assert.Equal("1 x 3 x 1.5 ", Text(input, Times(3), NamedTensor.OfNone("name")));
        Assert.Equal("1 x 3 x 0.25 a", Text(input, Times(3), Scale(0.25), NamedTensor.OfText("name", "a")));
        Assert.Equal(InferenceFailure.InvalidInput, Assert.Throws<InferenceException>(() => Text(input, Times(1L << 40))).Failure);
        Assert.Equal(InferenceFailure.InvalidInput, Assert.Throws<InferenceException>(() => Text(input, Times(3), Scale(1e300))).Failure);

        string Text(params NamedTensor[] inputs)
        {
            using var answer = Run(module, "described", inputs);
            return Assert.Single(answer.Outputs).ToText();
        }

        static NamedTensor Times(long times) => new("times", HostTensor.From<long>(DType.Int64, [times]));
        static NamedTensor Scale(double scale) => new("scale", HostTensor.From<double>(DType.Float64, [scale]));
    }

    [Fact]
    public void MethodBinder_should_run_the_hooks_around_forward()
    {
        using var module = new Derived();
        module.register_forward_hook((_, _, output) => output.add(100));

        using var answer = Run(module, "forward", new NamedTensor("", HostTensor.From<float>(DType.Float32, [1, 2], 1, 2)));

        Assert.Equal([103f], Assert.Single(answer.Outputs).Tensor.Values<float>().ToArray());
    }

    [Fact]
    public void MethodBinder_should_leave_no_tensor_behind()
    {
        using var module = new Methods();
        var tensors = new TensorCheck();

        Run(module, "", new NamedTensor("", HostTensor.From<float>(DType.Float32, [1, 2], 1, 2))).Dispose();
        Assert.Throws<InferenceException>(
            () => Run(module, "forward", new NamedTensor("input", HostTensor.From<float>(DType.Float32, [1, 2, 3], 3))));

        tensors.Verify();
    }

    [Fact]
    public void MethodBinder_should_take_a_sparse_answer()
    {
        using var module = new Derived();

        using var answer = Run(module, "sparse", new NamedTensor("", HostTensor.From<float>(DType.Float32, [1, 0], 1, 2)));

        Assert.Equal([1f, 0], Assert.Single(answer.Outputs).Tensor.Values<float>().ToArray());
    }

    private static ModelAnswer Run(torch.nn.Module module, string method, params NamedTensor[] inputs)
    {
        var binder = MethodBinder.Of("model", module.GetType());
        using var call = binder.Bind(method, inputs);
        return binder.ToAnswer(ModelCall.Run(binder.Run, module, call));
    }

    private class Methods() : torch.nn.Module<torch.Tensor, torch.Tensor>("methods")
    {
        public int Rows { get; } = 2;

        public override torch.Tensor forward(torch.Tensor input) => input.matmul(torch.ones(2));

        [SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
        public torch.Tensor of_modules(torch.nn.Module other) => torch.ones(1);

        [SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
        public torch.Tensor sparse(torch.Tensor input) => input.to_sparse();

        public override string ToString() => "methods";
    }

    private sealed class Derived : Methods
    {
        [SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
        public string described(torch.Tensor input, int times, float scale = 1.5f, string? name = null) =>
            string.Create(CultureInfo.InvariantCulture, $"{input.item<float>()} x {times} x {scale} {name}");
    }
}
