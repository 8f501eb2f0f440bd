using ZeroCopy.Manifests;
using ZeroCopy.Pipelines;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Torch;
using ZeroCopy.Wrapping;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Pipelines;

public sealed class TemplateBuilderSpecs : HostSpec
{
    [Fact]
    public async Task Wrap_should_leave_nothing_open_when_it_fails()
    {
        using var module = new Encoder(8, 8);
        using var sparse = eye(3).to_sparse();

        await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.FromModelAsync(new Both(module, sparse), host: Host));

        Assert.Single(Host.Store.List());
        Assert.Empty(Host.Store.ListLeases());
    }

    [Fact]
    public async Task Wrap_should_leave_open_what_other_wrappers_have_when_it_fails()
    {
        using var module = new Encoder(8, 8);
        using var dense = eye(3);
        using var sparse = dense.to_sparse();
        var name = new ModelName("shared");
        var wrapper = await ModelWrapper.FromModelAsync(new Both(module, dense), host: Host, name: name);

        await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.FromModelAsync(new Both(module, sparse), host: Host, name: name));

        using var answer = Call(wrapper.Load().Model);
        using var expected = Call(module);
        Assert.True(Same(expected, answer));
    }

    [Theory]
    [InlineData("Inner", "Outer")]
    [InlineData("Outer", "Inner")]
    public async Task Around_should_leave_a_model_whole_when_one_with_parts_in_common_is_closed(string closed, string kept)
    {
        using var module = new Encoder(8, 8);
        var wrapper = await ModelWrapper.FromModelAsync(new Nested(module), host: Host);
        var document = WrapperDocument.Parse(wrapper.Serialize());
        await using var elsewhere = Open();
        using var template = TemplateBuilder.Around(elsewhere.Runtime, () => new Nested(new Encoder(8, 8)), typeof(Nested), document);

        elsewhere.Runtime.Close(At(closed).Entry.Handle);

        var model = At(kept);
        using var answer = Call((nn.Module<Tensor, Tensor>)elsewhere.Runtime.Open(
            model.Entry.Handle, new OpenOptions<nn.Module> { Factory = model.Factory }).Materialise());
        using var expected = Call(kept == "Inner" ? module : new Nested(module).Outer);
        Assert.True(Same(expected, answer));

        TemplateModule At(string path) => template.Modules.Single(part => part.Entry.Paths.Contains(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_should_keep_a_model_that_is_part_of_another_one_a_part_of_it(bool elsewhere)
    {
        using var module = new Encoder(8, 8);
        var wrapper = await ModelWrapper.FromModelAsync(new Nested(module), host: Host);
        await using var other = Open();
        using var template = TemplateBuilder.Around(
            other.Runtime, () => new Nested(new Encoder(8, 8)), typeof(Nested), WrapperDocument.Parse(wrapper.Serialize()));

        var loaded = elsewhere
            ? template.Load(
                part => other.Runtime.Open(part.Entry.Handle, new OpenOptions<nn.Module> { Factory = part.Factory }).Materialise())
            : LoadedObject.Of(wrapper.Load())!;

        var pipeline = (Nested)loaded.Root;
        Assert.Same(pipeline.Inner, pipeline.Outer.children().First().children().First());
        Assert.Same(pipeline.Middle, pipeline.Outer.children().First());
        Assert.True(LoadedObject.Release(pipeline));
    }

    [Fact]
    public async Task Wrapper_should_free_what_it_copied_beside_the_models_of_a_pipeline()
    {
        using var module = new Encoder(8, 8);
        var pipeline = new Bound(module, new Encoder(8, 8).call);
        var before = LiveTensors();

        for (var round = 0; round < 3; round++)
        {
            var wrapper = await ModelWrapper.FromModelAsync(pipeline, host: Host);
            ModelWrapper.Release(wrapper.Load());
            wrapper.Unload();
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    /// <summary>Has a module that is part of another one of its own.</summary>
    private sealed class Nested
    {
        public Encoder Inner { get; }

        public nn.Module<Tensor, Tensor> Middle => (nn.Module<Tensor, Tensor>)_middle;

        public nn.Module<Tensor, Tensor> Outer { get; }

        private readonly nn.Module _middle;

        public Nested(Encoder inner)
        {
            Inner = inner;
            _middle = nn.Sequential(inner, nn.ReLU());
            Outer = nn.Sequential((nn.Module<Tensor, Tensor>)_middle, nn.ReLU());
        }
    }

    private sealed record Bound(nn.Module<Tensor, Tensor> Model, Func<Tensor, Tensor> Next);

    private sealed record Both(nn.Module<Tensor, Tensor> Model, Tensor Table);
}
