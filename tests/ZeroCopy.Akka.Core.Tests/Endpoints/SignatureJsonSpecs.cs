using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Tests.Endpoints;

public sealed class SignatureJsonSpecs
{
    [Fact]
    public void SignatureJson_should_bring_back_every_part_of_a_signature()
    {
        var signature = new ModelSignature(
            [
                new MethodSignature(
                    "forward",
                    [new ValueSignature("x", DType: DType.Int64, Shape: [-1, 8]), new ValueSignature("scale", "float", IsOptional: true)],
                    [new ValueSignature("output", Shape: [])],
                    IsBatchable: true),
                new MethodSignature("generate", [new ValueSignature("text", "str")], []),
            ],
            "generate");

        var read = SignatureJson.Parse(SignatureJson.ToJson(signature));

        Assert.Equal("generate", read.Default);
        Assert.Equal(signature.Methods.Select(method => $"{method} {method.IsBatchable}"), read.Methods.Select(
            method => $"{method} {method.IsBatchable}"));
        Assert.Equal((DType.Int64, false), (read.Methods[0].Inputs[0].DType, read.Methods[0].Inputs[0].IsOptional));
        Assert.Equal([-1L, 8L], read.Methods[0].Inputs[0].Shape.ToArray());
        Assert.True(read.Methods[0].Inputs[1].Shape.IsDefault);
        Assert.True(read.Methods[0].Outputs[0].Shape is { IsDefault: false, IsEmpty: true });
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"default":"forward","methods":[{"name":"forward","inputs":[]}]}""")]
    [InlineData("""{"default":"forward","methods":[{"name":3,"inputs":[],"outputs":[]}]}""")]
    public void SignatureJson_should_refuse_what_is_no_signature(string json) =>
        Assert.Throws<FormatException>(() => SignatureJson.Parse(json));
}
