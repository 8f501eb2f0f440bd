using ZeroCopy.Errors;
using ZeroCopy.Pipelines;
using ZeroCopy.Product.Tests.Models;

namespace ZeroCopy.Product.Tests.Pipelines;

public sealed class SelectionSpecs
{
    [Fact]
    public void Selection_should_take_every_module_below_a_named_attribute()
    {
        var pipeline = new Two();

        var selected = AttributeSelection.Select(PipelineScan.Of(pipeline, typeof(Two)).Modules, Request("Stages"));

        Assert.Equal(["Stages[0]", "Stages[1]"], selected.Select(slot => slot.Path).Order());
    }

    [Fact]
    public void Selection_should_name_an_attribute_that_holds_no_module()
    {
        var error = Assert.Throws<ArgumentException>(() =>
            AttributeSelection.Select(PipelineScan.Of(new Two(), typeof(Two)).Modules, Request("Stage")));

        Assert.Contains("'Stage'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Head", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Selection_should_refuse_an_invalid_mode() =>
        Assert.Throws<ArgumentException>(
            () => ModelWrapper.Request<Two>((WrapMode)7, null, null, null, handOver: false, scriptsOnly: false));

    [Theory]
    [InlineData("Secret", "private")]
    [InlineData("NoSuchMethod", "unknown")]
    public void Selection_should_name_a_method_that_cannot_be_called(string method, string reason)
    {
        var error = Assert.Throws<MethodNotAllowedException>(() => MethodSelection.Check([method], typeof(object), [typeof(Encoder)]));

        Assert.Equal(method, error.Method);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Selection_should_take_a_method_that_one_of_the_modules_has() =>
        MethodSelection.Check([nameof(Encoder.Encode), "forward"], typeof(object), [typeof(TorchSharp.Modules.Linear), typeof(Encoder)]);

    private static WrapRequest Request(params string[] attributes) =>
        ModelWrapper.Request<Two>(WrapMode.Actor, attributes, null, null, handOver: false, scriptsOnly: false);

    private sealed class Two
    {
        public List<Encoder> Stages { get; } = [new(), new()];

        public Encoder Head { get; } = new();
    }
}
