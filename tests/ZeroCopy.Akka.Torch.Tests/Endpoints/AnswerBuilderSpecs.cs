using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Endpoints;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class AnswerBuilderSpecs
{
    [Fact]
    public void AnswerBuilder_should_name_one_tensor_a_tuple_a_list_and_a_dictionary()
    {
        Assert.Equal(["output F32[2]"], Names(A()));
        Assert.Equal(["output_0 F32[2]", "output_1 I64[1]"], Names((A(), B())));
        Assert.Equal(["output_0 F32[2]", "output_1 I64[1]"], Names(new object[] { A(), B() }));
        Assert.Equal(["output F32[2]", "y I64[1]"], Names(new Dictionary<string, object> { [""] = A(), ["y"] = B() }));
        Assert.Equal(["x F32[2]", "y.0 I64[1]", "y.1 F32[2]"], Names(new Dictionary<string, object> { ["x"] = A(), ["y"] = (B(), A()) }));
        Assert.Equal(["output I64[]"], Names(5L));
        Assert.Empty(AnswerBuilder.Build(null, "model").Outputs);

        static torch.Tensor A() => torch.ones(2);
        static torch.Tensor B() => torch.zeros(1, dtype: torch.ScalarType.Int64);
    }

    [Fact]
    public void AnswerBuilder_should_write_a_transposed_tensor_row_by_row()
    {
        using var rows = torch.arange(6, dtype: torch.ScalarType.Int64).view(2, 3);
        using var answer = AnswerBuilder.Build(rows.t(), "model");
        Assert.Equal([0L, 3, 1, 4, 2, 5], Assert.Single(answer.Outputs).Tensor.Values<long>().ToArray());
    }

    [Fact]
    public void AnswerBuilder_should_leave_out_what_is_nothing_and_keep_the_places_of_the_others()
    {
        Assert.Empty(Names(ValueTuple.Create<object?>(null)));
        Assert.Empty(Names(Array.Empty<object>()));
        Assert.Equal(["output_1 I64[]"], Names((null as object, 5L, new Dictionary<string, object>())));
    }

    [Fact]
    public void AnswerBuilder_should_take_texts_devices_and_complex_numbers()
    {
        Assert.Equal(["output 'text'"], Names("text"));
        Assert.Equal(["output 'cpu'"], Names(torch.CPU));
        Assert.Equal(["output_0 C128[]", "output_1.0 'a'", "output_1.1 ''"], Names((new Complex(1, 2), ("a", ""))));
    }

    [Fact]
    public void AnswerBuilder_should_refuse_an_answer_that_no_file_can_hold()
    {
        var error = Assert.Throws<InferenceException>(() => AnswerBuilder.Build(new object(), "model"));
        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.Contains("no tensor, number or text", error.Message, StringComparison.Ordinal);
        var twice = Assert.Throws<InferenceException>(() => AnswerBuilder.Build(
            new Dictionary<string, object> { ["a.b"] = 1L, ["a"] = new Dictionary<string, object> { ["b"] = 2L } }, "model"));
        Assert.Contains("'a.b'", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnswerBuilder_should_copy_nothing_that_lies_row_by_row_on_the_host()
    {
        var tensor = torch.ones(2, 3);
        var address = Address(tensor);

        using var answer = AnswerBuilder.Build(tensor, "model");

        using var pin = Assert.Single(answer.Outputs).Data.Pin();
        Assert.Equal(address, Address(pin));
    }

    [Fact]
    public void AnswerBuilder_should_keep_what_two_outputs_share_until_the_answer_is_disposed()
    {
        var tensors = new TensorCheck();
        var tensor = torch.arange(4, dtype: torch.ScalarType.Int64);
        var answer = AnswerBuilder.Build(new object[] { tensor, tensor, tensor.view(2, 2) }, "model");

        Assert.All(answer.Outputs, output => Assert.Equal([0L, 1, 2, 3], output.Tensor.Values<long>().ToArray()));
        answer.Dispose();

        tensors.Verify();
        Assert.Throws<ObjectDisposedException>(() => answer.Outputs[0].Data.Span.Length);
    }

    [Fact]
    public void AnswerBuilder_should_resolve_lazy_views()
    {
        var complex = torch.complex(torch.ones(2), torch.ones(2));
        using var answer = AnswerBuilder.Build((complex.conj(), complex.conj().imag.contiguous(), complex), "model");

        Assert.Equal([1f, -1, 1, -1], MemoryMarshal.Cast<byte, float>(answer.Outputs[0].Data.Span).ToArray());
        Assert.Equal([-1f, -1], answer.Outputs[1].Tensor.Values<float>().ToArray());
    }

    [Fact]
    public void AnswerBuilder_should_release_everything_when_a_part_cannot_be_an_output()
    {
        var tensors = new TensorCheck();

        Assert.Throws<InferenceException>(() => AnswerBuilder.Build(new object[] { torch.ones(2), new object() }, "model"));

        tensors.Verify();
    }

    [Fact]
    public void AnswerBuilder_should_keep_pinned_memory_until_the_pin_ends()
    {
        var tensors = new TensorCheck();
        var answer = AnswerBuilder.Build(torch.ones(2), "model");
        var pin = answer.Outputs[0].Data.Pin();
        answer.Dispose();
        Assert.Equal(1, tensors.Added);

        pin.Dispose();

        tensors.Verify();
    }

    private static unsafe nint Address(System.Buffers.MemoryHandle pin) => (nint)pin.Pointer;

    private static nint Address(torch.Tensor tensor) => TorchNative.Data(tensor);

    private static List<string> Names(object answer)
    {
        using var built = AnswerBuilder.Build(answer, "model");
        return
        [
            .. built.Outputs.Select(value => $"{value.Name} {(value.IsText ? $"'{value.ToText()}'" : value.Tensor.Layout.ToString())}"),
        ];
    }
}
