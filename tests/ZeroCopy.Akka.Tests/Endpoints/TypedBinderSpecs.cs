using Akka.Actor;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Endpoints;

/// <summary>Models behind pools that another actor system calls over real remoting.</summary>
public sealed class TypedBinderSpecs : HostSpec
{
    private const string Remoting = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0, maximum-frame-size = 1m }
        }
        """;

    private readonly ActorSystem _node = ActorSystem.Create("node", Remoting);
    private readonly ActorSystem _clients = ActorSystem.Create("client", Remoting);
    private ZeroCopyHost? _host;

    [Fact]
    public async Task Pool_should_answer_another_process_as_the_model_does()
    {
        using var model = Mlp();
        using var expected = Call(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Serving(), name: new ModelName("mlp"));
        await using var pool = await Serving().StartPoolAsync(
            "mlp",
            wrapper,
            (Module<Tensor, Tensor> m, Tensor input) => m.call(input),
            settings => settings with { Size = 2, Remote = true });
        using var client = await ConnectAsync();
        var codec = TypedBinder.For(typeof(Tensor))!;
        using var copied = codec.ToAnswer(Input.alias());
        await pool.WhenReadyAsync().WaitAsync(Patience);
        var before = LiveTensors();

        for (var i = 0; i < 5; i++)
        {
            var outputs = await client.PredictAsync("mlp", copied.Outputs).WaitAsync(Patience);
            Assert.Equal("output", Assert.Single(outputs).Name);
            using var answer = (Tensor)codec.Bind("", outputs);
            Assert.True(Same(expected, answer));
        }

        Assert.True(SpinWait.SpinUntil(() => pool.Actors.Pending == 0, Patience));
        Assert.InRange(Tensor.TotalCount, 0, before);
        var refused = await Assert.ThrowsAsync<InferenceException>(() => client.PredictAsync("mlp", []));
        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
        Assert.Contains("takes one tensor, and 0 were given", refused.Message, StringComparison.Ordinal);
        var misshaped = await Assert.ThrowsAsync<InferenceException>(
            () => client.PredictAsync("mlp", [new NamedTensor("", HostTensor.From<float>(DType.Float32, [1, 2, 3], 1, 3))]));
        Assert.Equal((InferenceFailure.ModelError, true), (misshaped.Failure, misshaped.CausedByInput));
    }

    [Fact]
    public async Task Pool_should_take_tensors_by_name_and_name_those_it_answers_with()
    {
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Serving());
        await using var pool = await Serving().StartPoolAsync(
            "sums",
            wrapper,
            (Module<Tensor, Tensor> _, Dictionary<string, Tensor> input) => (input["a"] + input["b"], input.Count),
            settings => settings with { Size = 1, Remote = true });
        using var client = await ConnectAsync();

        var outputs = await client.PredictAsync("sums", [Named("a", 1, 2), Named("b", 10, 20)]).WaitAsync(Patience);

        Assert.Equal(["output_0", "output_1"], outputs.Select(output => output.Name));
        Assert.Equal([11f, 22], outputs[0].Tensor.Values<float>());
        Assert.Equal(2L, Assert.Single(outputs[1].Tensor.Values<long>().ToArray()));
        var twice = await Assert.ThrowsAsync<InferenceException>(() => client.PredictAsync("sums", [Named("a", 1), Named("a", 2)]));
        Assert.Equal(InferenceFailure.InvalidInput, twice.Failure);
    }

    [Fact]
    public void TypedBinder_should_take_no_method_but_the_pools_function()
    {
        var binder = TypedBinder.For(typeof(Tensor))!;

        ((Tensor)binder.Bind("forward", [Named("", 1)])).Dispose();

        var refused = Assert.Throws<InferenceException>(() => binder.Bind("train", [Named("", 1)]));
        Assert.Equal(InferenceFailure.MethodNotFound, refused.Failure);
    }

    [Fact]
    public void TypedBinder_should_answer_with_texts_and_refuse_what_has_no_name()
    {
        var binder = TypedBinder.For(typeof(Tensor))!;

        using var answer = binder.ToAnswer("text");
        Assert.Equal("text", Assert.Single(answer.Outputs).ToText());
        var refused = Assert.Throws<InferenceException>(() => binder.ToAnswer(new Uri("http://localhost")));
        Assert.Equal(InferenceFailure.ModelError, refused.Failure);
    }

    [Theory]
    [InlineData(typeof(Tensor))]
    [InlineData(typeof(Tensor[]))]
    [InlineData(typeof(Dictionary<string, Tensor>))]
    public void TypedBinder_should_refuse_what_is_no_tensor(Type input)
    {
        foreach (var given in new[] { NamedTensor.OfText("a", "text"), NamedTensor.OfNone("a") })
        {
            var refused = Assert.Throws<InferenceException>(() => TypedBinder.For(input)!.Bind("", [given]));
            Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
            Assert.Contains($"'a' is {(given.IsText ? "a text" : "nothing")}", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TypedBinder_should_be_for_tensors_alone() => Assert.Null(TypedBinder.For(typeof(string)));

    [Fact]
    public void TypedBinder_should_keep_the_order_of_an_array()
    {
        var bound = (TypedBinder.Argument)TypedBinder.For(typeof(Tensor[]))!.Bind("", [Named("b", 1), Named("a", 2)]);

        var tensors = (Tensor[])bound.Value;
        Assert.Equal([1f, 2], tensors.Select(tensor => tensor.item<float>()));
        bound.Dispose();
        Assert.All(tensors, tensor => Assert.True(tensor.IsInvalid));
    }

    [Theory]
    [InlineData("inputs.1 inputs.0")]
    [InlineData("INPUT__1 INPUT__0")]
    public void TypedBinder_should_take_the_positions_of_an_array_from_their_names(string names)
    {
        using var bound = (TypedBinder.Argument)TypedBinder.For(typeof(Tensor[]))!
            .Bind("", [.. names.Split(' ').Select((name, index) => Named(name, index))]);

        Assert.Equal([1f, 0], ((Tensor[])bound.Value).Select(tensor => tensor.item<float>()));
    }

    [Theory]
    [InlineData("inputs.0 inputs.2")]
    [InlineData("inputs.0 x")]
    [InlineData("INPUT__0 INPUT__0")]
    [InlineData("INPUT__00 INPUT__1")]
    public void TypedBinder_should_refuse_positions_that_leave_one_out(string names)
    {
        var refused = Assert.Throws<InferenceException>(() => TypedBinder.For(typeof(Tensor[]))!
            .Bind("", [.. names.Split(' ').Select((name, index) => Named(name, index))]));

        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
        Assert.Contains("each once, and got ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("The function is forward(inputs: List[Tensor])", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inputs.a", "inputs.b")]
    [InlineData("a", "b")]
    public void TypedBinder_should_take_the_keys_of_a_dictionary_as_its_signature_says(string first, string second)
    {
        using var bound = (TypedBinder.Argument)TypedBinder.For(typeof(Dictionary<string, Tensor>))!
            .Bind("", [Named(first, 1), Named(second, 2)]);

        var tensors = (Dictionary<string, Tensor>)bound.Value;
        Assert.Equal([("a", 1f), ("b", 2f)], tensors.Select(item => (item.Key, item.Value.item<float>())).Order());
    }

    [Theory]
    [InlineData(typeof(Tensor))]
    [InlineData(typeof(Tensor[]))]
    [InlineData(typeof(Dictionary<string, Tensor>))]
    public void TypedBinder_should_refuse_a_type_of_elements_that_libtorch_lacks(Type input)
    {
        var packed = new NamedTensor("a", new HostTensor(new TensorLayout(DType.Float4E2M1, 2), new byte[1]));

        var refused = Assert.Throws<InferenceException>(() => TypedBinder.For(input)!.Bind("", [packed]));

        Assert.Equal(InferenceFailure.InvalidInput, refused.Failure);
        Assert.Contains("'a' is F4, a type that libtorch has no tensors of", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pool_of_a_pipeline_should_be_an_endpoint_by_its_name_here_and_elsewhere()
    {
        using var first = Mlp();
        using var second = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(new Pair(first, second), host: Serving());
        await using var pool = await Serving().StartPoolAsync(
            "pair",
            wrapper,
            (Pair pair, Tensor[] inputs) => pair.Run(inputs[0], inputs[1]),
            settings => settings with { Size = 2, Remote = true });
        var endpoint = Assert.IsAssignableFrom<IModelEndpoint>(await Serving().Endpoints.FindAsync("pair"));
        using var client = await ConnectAsync();
        using var one = ones(1, 8);
        using var two = full(1, 8, 2f);
        using var expected = new Pair(first, second).Run(one, two);

        Assert.Equal(
            "forward(inputs: List[Tensor])", (await endpoint.GetSignatureAsync()).Methods.Single().ToString());
        NamedTensor[] inputs = [Wide("inputs.1", 2), Wide("inputs.0", 1)];
        using var answer = await endpoint.CallAsync("", inputs).WaitAsync(Patience);
        var remote = await client.PredictAsync("pair", [.. inputs]).WaitAsync(Patience);

        Assert.All([.. answer.Outputs, .. remote], AssertIsExpected);
        await FailsAsync(InferenceFailure.InvalidInput, "inputs.0", "inputs.2");
        await FailsAsync(InferenceFailure.ModelError, "inputs.0");

        async Task FailsAsync(InferenceFailure failure, params string[] names) => Assert.Equal(
            failure,
            (await Assert.ThrowsAsync<InferenceException>(
                () => endpoint.CallAsync("", [.. names.Select(name => Wide(name, 1))]).WaitAsync(Patience))).Failure);

        // Within the rounding of other threads.
        void AssertIsExpected(NamedTensor output) => Assert.Equal(
            expected.data<float>().ToArray(),
            output.Tensor.Values<float>().ToArray(),
            (one, other) => Math.Abs(one - other) < 1e-5);

        static NamedTensor Wide(string name, float value) =>
            new(name, HostTensor.From<float>(DType.Float32, [.. Enumerable.Repeat(value, 8)], 1, 8));
    }

    [Fact]
    public void TypedBinder_should_bind_out_of_the_reach_of_the_callers_scope()
    {
        Tensor bound;
        using (NewDisposeScope())
        {
            bound = (Tensor)TypedBinder.For(typeof(Tensor))!.Bind("", [Named("", 1)]);
        }

        Assert.False(bound.IsInvalid);
        bound.Dispose();
    }

    public override async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await Task.WhenAll(_node.Terminate(), _clients.Terminate()).WaitAsync(Patience);
        await base.DisposeAsync();
    }

    private static NamedTensor Named(string name, params float[] values) =>
        new(name, HostTensor.From<float>(DType.Float32, values, values.Length));

    /// <summary>Two models whose answers are added.</summary>
    internal sealed class Pair(Module<Tensor, Tensor> first, Module<Tensor, Tensor> second)
    {
        public Module<Tensor, Tensor> First { get; set; } = first;

        public Module<Tensor, Tensor> Second { get; set; } = second;

        public Tensor Run(Tensor one, Tensor two)
        {
            using var here = NewDisposeScope();
            return (First.call(one) - Second.call(two)).MoveToOuterDisposeScope();
        }
    }

    private ZeroCopyHost Serving() =>
        _host ??= ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = StoreOptions, ActorSystem = _node });

    private Task<InferenceClient> ConnectAsync() =>
        InferenceClient.ConnectAsync(_clients, ((ExtendedActorSystem)_node).Provider.DefaultAddress, Patience);
}
