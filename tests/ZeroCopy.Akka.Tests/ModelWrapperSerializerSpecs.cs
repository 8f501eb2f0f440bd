using System.Runtime.Serialization;
using Akka.Configuration;
using Akka.Serialization;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests;

public sealed class ModelWrapperSerializerSpecs : HostSpec
{
    [Theory]
    [InlineData(null)]
    [InlineData(WrapMode.Task)]
    public async Task ModelWrapperSerializer_should_bring_back_a_wrapper_of_either_mode(WrapMode? mode)
    {
        using var model = new Encoder();
        using var expected = Call(model);
        string[] methods = [nameof(Encoder.Encode)];
        var wrapper = mode is { } given
            ? await ModelWrapper.FromModelAsync<Encoder>(model, given, methodNames: methods, host: Host)
            : await ModelWrapper.FromModelAsync<Encoder>(model, methodNames: methods, host: Host);

        var back = RoundTrip(wrapper);

        Assert.Equal(mode ?? WrapMode.Actor, wrapper.Mode);
        Assert.Equal(wrapper.Mode, back.Mode);
        Assert.Equal(methods, back.MethodNames);
        Assert.Equal(wrapper.ModelReferences, back.ModelReferences);
        var loaded = back.As<Encoder>().Load();
        Assert.Equal(mode is WrapMode.Task, !loaded.parameters().Any());
        using var answer = Call(loaded);
        using var encoded = loaded.Encode(Input, 2);
        Assert.True(Same(expected, answer));
        Assert.True(Same(expected * 2, encoded.relu()));
    }

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task ModelWrapperSerializer_should_bring_back_the_wrapper_of_a_pipeline(WrapMode mode)
    {
        var pipeline = new Pipeline { Model = Mlp(), Label = "digits" };
        using var expected = Call(pipeline.Model);
        var wrapper = await ModelWrapper.FromModelAsync(pipeline, mode, host: Host);

        var loaded = RoundTrip(wrapper).As<Pipeline>().Load();

        Assert.Equal("digits", loaded.Label);
        Assert.Equal(mode == WrapMode.Task, !loaded.Model.parameters().Any());
        using var answer = Call(loaded.Model);
        Assert.True(Same(expected, answer));
    }

    [Fact]
    public void ModelWrapperSerializer_should_stay_bound_when_an_extension_brings_its_settings()
    {
        Host.ActorSystem.Settings.InjectTopLevelFallback(ConfigurationFactory.ParseString("own.extension = on"));

        Assert.IsType<ModelWrapperSerializer>(
            Host.ActorSystem.Serialization.FindSerializerForType(typeof(ModelWrapper<Module<Tensor, Tensor>>)));
    }

    [Fact]
    public void ModelWrapperSerializer_should_refuse_an_unknown_manifest()
    {
        var serializer = (SerializerWithStringManifest)Host.ActorSystem.Serialization.FindSerializerForType(typeof(ModelWrapper));

        Assert.Throws<SerializationException>(() => serializer.FromBinary([], "w2"));
    }

    private ModelWrapper RoundTrip(ModelWrapper wrapper)
    {
        var serialization = Host.ActorSystem.Serialization;
        var serializer = (SerializerWithStringManifest)serialization.FindSerializerFor(wrapper);
        return (ModelWrapper)serialization.Deserialize(serializer.ToBinary(wrapper), serializer.Identifier, serializer.Manifest(wrapper));
    }

    private sealed class Pipeline
    {
        public required nn.Module<Tensor, Tensor> Model { get; init; }

        public required string Label { get; init; }
    }
}
