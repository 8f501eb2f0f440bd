using System.Globalization;
using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.EndpointContract;

/// <summary>
/// What every kind of endpoint does alike: the same answers, and the same failures. A subclass opens endpoints of its kind for models of
/// <see cref="Runtime"/>, and has an assembly to itself while it runs: native tensors of the process are counted.
/// </summary>
public abstract class EndpointContractSpecs : IAsyncLifetime
{
    /// <summary>How long a spec waits for something that must happen; only a failing one ever waits that long.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly LeakCheck _leaks = new();
    private readonly List<IModelEndpoint> _open = [];
    private ObjectStore? _store;
    private TorchRuntime? _runtime;

    /// <summary>A runtime that knows <see cref="ContractModel"/>, over a store of the spec's own.</summary>
    protected TorchRuntime Runtime => _runtime ?? throw new InvalidOperationException("The spec has not begun.");

    /// <summary>Where the store is, for endpoints that have a runtime of their own.</summary>
    protected ObjectStoreOptions StoreOptions => new() { Directory = _directory.File("store") };

    /// <summary>
    /// How many calls an endpoint takes at a time, running and waiting, before it is overloaded; null where there is no limit.
    /// </summary>
    protected virtual int? MostCalls => null;

    /// <summary>The version that a model's first call is answered by; null where the kind knows none.</summary>
    protected virtual int? AnsweringVersion => 1;

    /// <summary>Registers the model type of the contract, for endpoints that have a runtime of their own.</summary>
    public static ModelCatalog AddTo(ModelCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.Register<ContractModel, Dictionary<string, string>>(ContractModel.Key, static (_, _) => new ContractModel());
    }

    /// <summary>An endpoint for a model of the store.</summary>
    protected abstract Task<IModelEndpoint> OpenAsync(ModelHandle model);

    /// <summary>Ends an endpoint: calls that come later are refused.</summary>
    protected abstract Task CloseAsync(IModelEndpoint endpoint);

    public virtual Task InitializeAsync()
    {
        _store = ObjectStore.Open(StoreOptions);
        _runtime = new TorchRuntime(_store, AddTo(new ModelCatalog()));
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync()
    {
        foreach (var endpoint in _open)
        {
            await CloseAsync(endpoint).WaitAsync(Patience);
        }

        _runtime?.Dispose();
        _store?.Dispose();
        _directory.Dispose();
        // Calls that were given up end by themselves; TorchSharp leaves some tensors of a module that is built to the collector.
        await EventuallyAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return _leaks is { LeakedMappings: <= 0, LeakedReferences: <= 0 };
            },
            () => $"{_leaks.LeakedMappings} mappings and {_leaks.LeakedReferences} references were left behind");
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_say_what_it_can_be_called_with(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        var signature = await endpoint.GetSignatureAsync();

        Assert.Equal(EndpointState.Ready, endpoint.State);
        Assert.Equal("forward", signature.Default);
        Assert.Equal("forward(a: Tensor, b: Tensor, scale: float (optional)) -> (output: Tensor)", signature.Find("")?.ToString());
        Assert.Equal("pair(x: Tensor) -> (output_0: Tensor, output_1: Tensor)", signature.Find("pair")?.ToString());
        Assert.Equal("described(text: str, number: int) -> (output: str)", signature.Find("described")?.ToString());
        Assert.True(signature.Find("named")?.IsBatchable);
        Assert.False(signature.Find("described")?.IsBatchable);
        Assert.Null(signature.Find("fly"));
    }

    [Theory]
    [InlineData(ContractKind.Module, "a", "b")]
    [InlineData(ContractKind.Script, "a", "b")]
    [InlineData(ContractKind.Module, "", "")]
    [InlineData(ContractKind.Script, "", "")]
    [InlineData(ContractKind.Module, "x", "y")]
    [InlineData(ContractKind.Module, "INPUT__0", "INPUT__1")]
    [InlineData(ContractKind.Script, "INPUT__0", "INPUT__1")]
    public async Task Endpoint_should_bind_inputs_by_name_by_position_or_in_their_order(ContractKind kind, string first, string second)
    {
        var endpoint = await OpenAsync(kind);

        Assert.Equal("3 4", await NumbersAsync(endpoint, "", Floats(first, 5, 6), Floats(second, 2, 2)));
    }

    [Theory]
    [InlineData(ContractKind.Module, "b", "a")]
    [InlineData(ContractKind.Script, "INPUT__1", "INPUT__0")]
    public async Task Endpoint_should_go_by_names_and_positions_rather_than_by_order(ContractKind kind, string first, string second)
    {
        var endpoint = await OpenAsync(kind);

        Assert.Equal("-3 -4", await NumbersAsync(endpoint, "forward", Floats(first, 5, 6), Floats(second, 2, 2)));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_take_a_tensor_of_one_element_for_a_number(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);
        var scale = new NamedTensor("scale", HostTensor.From<float>(DType.Float32, [0.5f], 1, 1));

        Assert.Equal("1.5 2", await NumbersAsync(endpoint, "", scale, Floats("a", 5, 6), Floats("b", 2, 2)));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_name_several_outputs(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        using var answer = await CallAsync(endpoint, "pair", Floats("x", 5, 6));

        Assert.Equal(["output_0 6 7", "output_1 10 12"], answer.Outputs.Select(Shown));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_name_outputs_by_the_keys_of_a_dictionary(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        using var answer = await CallAsync(endpoint, "named", Floats("x", 5, 6));

        Assert.Equal(["plus 6 7", "twice 10 12"], answer.Outputs.Select(Shown).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_take_and_return_texts(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        using var answer = await CallAsync(endpoint, "described", NamedTensor.OfText("text", "ä b"), Long("number", 1L << 53));

        Assert.Equal("ä b 9007199254740992", Assert.Single(answer.Outputs).ToText());
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_keep_types_shapes_and_an_answer_of_no_elements(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);
        var input = new NamedTensor("x", HostTensor.From<long>(DType.Int64, [], 0, 3));

        using var answer = await CallAsync(endpoint, "same", input);

        Assert.Equal(new TensorLayout(DType.Int64, 0, 3), Assert.Single(answer.Outputs).Tensor.Layout);
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_keep_an_answer_that_is_the_input_itself(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);
        var bytes = new byte[] { 1, 2, 3 };

        using var answer = await CallAsync(endpoint, "same", new NamedTensor("x", new HostTensor(new TensorLayout(DType.UInt8, 3), bytes)));
        bytes.AsSpan().Clear();

        Assert.Equal("output 1 2 3", Shown(Assert.Single(answer.Outputs)));
    }

    [Fact]
    public async Task Endpoint_should_keep_an_answer_that_is_a_weight_of_the_model()
    {
        var endpoint = await OpenAsync(ContractKind.Module);

        var answer = await CallAsync(endpoint, "weight");
        var other = await CallAsync(endpoint, "weight");
        answer.Dispose();

        Assert.Equal("output 1 2", Shown(Assert.Single(other.Outputs)));
        other.Dispose();
    }

    [Fact]
    public async Task Endpoint_should_keep_an_answer_that_a_later_call_would_write_to()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        using var before = await CallAsync(endpoint, "weight");
        using var first = await CallAsync(endpoint, "count", Floats("x", 1, 1));
        var shown = Shown(first.Outputs[0]);

        (await CallAsync(endpoint, "count", Floats("x", 1, 1))).Dispose();

        Assert.Equal("output 1 2", Shown(before.Outputs[0]));
        Assert.Equal(shown, Shown(first.Outputs[0]));
    }

    [Theory]
    [InlineData(ContractKind.Module, "has 'c', which the model does not take", "a", "b", "c")]
    [InlineData(ContractKind.Script, "has 'c', which the model does not take", "a", "b", "c")]
    [InlineData(ContractKind.Module, "lacks 'b'", "a")]
    [InlineData(ContractKind.Script, "lacks 'b'", "INPUT__0")]
    [InlineData(ContractKind.Module, "has 1 tensor", "x")]
    [InlineData(ContractKind.Script, "has 4 tensors", "w", "x", "y", "z")]
    [InlineData(ContractKind.Script, "has 'a' twice", "a", "a")]
    public async Task Endpoint_should_refuse_inputs_that_are_not_the_methods(ContractKind kind, string problem, params string[] names)
    {
        var endpoint = await OpenAsync(kind);

        var error = await FailureAsync(InferenceFailure.InvalidInput, endpoint, "", [.. names.Select(name => Floats(name, 1, 2))]);

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("forward(a: Tensor, b: Tensor, scale: float (optional))", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_refuse_a_value_of_another_type_than_the_methods(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);
        var text = NamedTensor.OfText("text", "a");

        var error = await FailureAsync(InferenceFailure.InvalidInput, endpoint, "described", text, Floats("number", 1));
        Assert.Contains("'number' must be int, and the input has F32[1]", error.Message, StringComparison.Ordinal);
        error = await FailureAsync(InferenceFailure.InvalidInput, endpoint, "described", Floats("text", 1), Long("number", 1));
        Assert.Contains("'text' must be str", error.Message, StringComparison.Ordinal);
        error = await FailureAsync(InferenceFailure.InvalidInput, endpoint, "", Floats("a", 1), text with { Name = "b" });
        Assert.Contains("'b' must be Tensor, and the input has a text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_should_refuse_another_shape_and_element_type_before_the_model_runs()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        var before = ContractModel.Runs;

        var shape = await FailureAsync(InferenceFailure.InvalidInput, endpoint, "rows", Floats("x", 1, 2));
        var type = await FailureAsync(
            InferenceFailure.InvalidInput, endpoint, "rows", new NamedTensor("x", HostTensor.From<double>(DType.Float64, [1, 2], 1, 2)));

        Assert.Contains("'x' must be Tensor F32[-1, 2], and the input has F32[2]", shape.Message, StringComparison.Ordinal);
        Assert.Contains("and the input has F64[1, 2]", type.Message, StringComparison.Ordinal);
        Assert.Equal(before, ContractModel.Runs);
    }

    [Theory]
    [InlineData(ContractKind.Module, "fly")]
    [InlineData(ContractKind.Script, "fly")]
    [InlineData(ContractKind.Module, "Dispose")]
    public async Task Endpoint_should_list_its_methods_when_there_is_none_of_that_name(ContractKind kind, string method)
    {
        var endpoint = await OpenAsync(kind);

        var error = await FailureAsync(InferenceFailure.MethodNotFound, endpoint, method);

        Assert.Contains(method, error.Message, StringComparison.Ordinal);
        Assert.All(["forward", "pair", "described"], name => Assert.Contains(name, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_say_in_one_line_what_the_model_failed_with(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        var error = await FailureAsync(InferenceFailure.ModelError, endpoint, "fail", Floats("x", 1));

        Assert.False(error.CausedByInput);
        Assert.Contains("the model says no", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal("3", await NumbersAsync(endpoint, "", Floats("a", 5), Floats("b", 2)));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_fail_a_call_whose_shapes_the_model_cannot_compute_with(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        var error = await FailureAsync(InferenceFailure.ModelError, endpoint, "", Floats("a", 1, 2, 3), Floats("b", 1, 2));

        Assert.True(error.CausedByInput);
        Assert.Equal("3", await NumbersAsync(endpoint, "", Floats("a", 5), Floats("b", 2)));
    }

    [Fact]
    public async Task Endpoint_should_answer_at_the_deadline_while_the_model_runs_on_with_inputs_of_its_own()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        using var held = new HeldCall();
        var input = new byte[] { 0, 0, 128, 63 };
        var tensor = new NamedTensor("x", new HostTensor(new TensorLayout(DType.Float32, 1), input));

        var late = await Assert.ThrowsAsync<InferenceException>(() => endpoint.CallAsync(
            "held", [tensor, Long("number", held.Number)], new CallOptions { Deadline = TimeSpan.FromSeconds(1) }).WaitAsync(Patience));
        input.AsSpan().Clear();
        held.Release();

        Assert.Equal(InferenceFailure.DeadlineExceeded, late.Failure);
        // On a machine that is slow enough the deadline passes before the model runs.
        Assert.True(!held.Entered.IsCompleted || await held.Left.WaitAsync(Patience) == 1f);
    }

    [Fact]
    public async Task Endpoint_should_not_run_a_call_whose_deadline_has_passed()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        var before = ContractModel.Runs;

        var late = await Assert.ThrowsAsync<InferenceException>(
            () => endpoint.CallAsync("rows", [Rows], new CallOptions { Deadline = TimeSpan.Zero }).WaitAsync(Patience));

        Assert.Equal(InferenceFailure.DeadlineExceeded, late.Failure);
        Assert.Equal(before, ContractModel.Runs);
    }

    [Fact]
    public async Task Endpoint_should_not_run_a_call_that_was_cancelled()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        var before = ContractModel.Runs;
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => endpoint.CallAsync("rows", [Rows], null, cancelled.Token).WaitAsync(Patience));

        Assert.Equal(before, ContractModel.Runs);
    }

    [Fact]
    public async Task Endpoint_should_end_a_call_that_is_cancelled_while_the_model_runs()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        using var held = new HeldCall();
        using var cancellation = new CancellationTokenSource();
        var call = endpoint.CallAsync("held", Held(held), null, cancellation.Token);
        await held.Entered.WaitAsync(Patience);

        await cancellation.CancelAsync();

        var ended = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
        Assert.Equal(cancellation.Token, ended.CancellationToken);
    }

    [Fact]
    public async Task Endpoint_should_say_which_version_answered()
    {
        var endpoint = await OpenAsync(ContractKind.Module);

        using var answer = await endpoint.CallAsync("", [Floats("a", 5), Floats("b", 2)]).WaitAsync(Patience);

        Assert.Equal(AnsweringVersion, answer.Version ?? endpoint.Version);
    }

    [SkippableFact]
    public async Task Endpoint_should_refuse_more_calls_than_it_takes()
    {
        Skip.If(MostCalls is null, "An endpoint of this kind takes any number of calls.");
        var endpoint = await OpenAsync(ContractKind.Module);
        var held = Enumerable.Range(0, MostCalls!.Value + 1).Select(_ => new HeldCall()).ToList();
        var calls = held.ConvertAll(call => endpoint.CallAsync("held", Held(call)));

        Task<ModelAnswer>? refused = null;
        try
        {
            // Which of them comes last is not said, where they take different ways; the others are held.
            refused = await Task.WhenAny(calls).WaitAsync(Patience);
            var error = await Assert.ThrowsAsync<InferenceException>(() => refused);
            Assert.Equal(InferenceFailure.Overloaded, error.Failure);
        }
        finally
        {
            held.ForEach(call => call.Dispose());
        }

        foreach (var call in calls.Where(call => call != refused))
        {
            (await call.WaitAsync(Patience)).Dispose();
        }
    }

    [Fact]
    public async Task Endpoint_should_leave_no_call_without_an_answer_when_it_ends()
    {
        var endpoint = await OpenAsync(ContractKind.Module);
        using var held = new HeldCall();
        var call = endpoint.CallAsync("held", Held(held));
        await held.Entered.WaitAsync(Patience);

        var closing = CloseAsync(endpoint);
        held.Release();
        await closing.WaitAsync(Patience);

        try
        {
            (await call.WaitAsync(Patience)).Dispose();
        }
        catch (InferenceException ended)
        {
            Assert.Equal(InferenceFailure.ShuttingDown, ended.Failure);
        }

        await FailureAsync(InferenceFailure.ShuttingDown, endpoint, "", Floats("a", 5), Floats("b", 2));
        Assert.Equal(EndpointState.Failed, endpoint.State);
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_give_each_of_many_callers_its_own_answer(ContractKind kind)
    {
        var endpoint = await OpenAsync(kind);

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            Assert.Equal($"{number - 1} {number}", await NumbersAsync(endpoint, "", Floats("a", number, number + 1), Floats("b", 1, 1))));
    }

    [Theory]
    [InlineData(ContractKind.Module)]
    [InlineData(ContractKind.Script)]
    public async Task Endpoint_should_leave_no_tensor_of_a_call_to_the_collector(ContractKind kind)
    {
        const int Rounds = 20;
        var endpoint = await OpenAsync(kind);
        await RoundAsync();
        var before = torch.Tensor.TotalCount;

        for (var round = 0; round < Rounds; round++)
        {
            await RoundAsync();
        }

        // A call may meet the one before it and build another instance, but not in each round.
        await EventuallyAsync(
            () => torch.Tensor.TotalCount < before + Rounds,
            () => $"{torch.Tensor.TotalCount - before} tensors were left in {Rounds} rounds");

        async Task RoundAsync()
        {
            await NumbersAsync(endpoint, "", Floats("a", 5, 6), Floats("b", 2, 2));
            (await CallAsync(endpoint, "pair", Floats("x", 5, 6))).Dispose();
            (await CallAsync(endpoint, "named", Floats("x", 5, 6))).Dispose();
            (await CallAsync(endpoint, "same", Floats("x", 5, 6))).Dispose();
            await FailureAsync(InferenceFailure.InvalidInput, endpoint, "", Floats("a", 1), NamedTensor.OfText("b", "text"));
            await FailureAsync(InferenceFailure.ModelError, endpoint, "fail", Floats("x", 1));
            await FailureAsync(InferenceFailure.ModelError, endpoint, "", Floats("a", 1, 2, 3), Floats("b", 1, 2));
            if (kind == ContractKind.Module)
            {
                using var held = new HeldCall();
                using var cancellation = new CancellationTokenSource();
                var call = endpoint.CallAsync("held", Held(held), null, cancellation.Token);
                await held.Entered.WaitAsync(Patience);
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
                held.Release();
                await held.Left.WaitAsync(Patience);
            }
        }
    }

    private async Task<IModelEndpoint> OpenAsync(ContractKind kind)
    {
        var endpoint = await OpenAsync(await PutAsync(kind)).WaitAsync(Patience);
        _open.Add(endpoint);
        return endpoint;
    }

    private async Task<ModelHandle> PutAsync(ContractKind kind)
    {
        var options = new PutOptions { Name = new ModelName("contract", 1) };
        if (kind == ContractKind.Script)
        {
            ContractScript.Save(_directory.File("contract.pt"));
            return await Runtime.PutFileAsync(_directory.File("contract.pt"), options);
        }

        using var model = new ContractModel();
        return await Runtime.PutAsync(model, new PutModuleOptions { Put = options, Recipe = new Recipe.Catalog(ContractModel.Key, "{}") });
    }

    private static async Task<string> NumbersAsync(IModelEndpoint endpoint, string method, params NamedTensor[] inputs)
    {
        using var answer = await CallAsync(endpoint, method, inputs);
        var output = Assert.Single(answer.Outputs);
        Assert.Equal("output", output.Name);
        return Numbers(output);
    }

    private static Task<ModelAnswer> CallAsync(IModelEndpoint endpoint, string method, params NamedTensor[] inputs) =>
        endpoint.CallAsync(method, inputs).WaitAsync(Patience);

    private static async Task<InferenceException> FailureAsync(
        InferenceFailure expected, IModelEndpoint endpoint, string method, params NamedTensor[] inputs)
    {
        var error = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(endpoint, method, inputs));
        Assert.Equal(expected, error.Failure);
        return error;
    }

    private static async Task EventuallyAsync(Func<bool> condition, Func<string> otherwise)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, otherwise());
            await Task.Yield();
        }
    }

    private static NamedTensor[] Held(HeldCall call) => [Floats("x", 1), Long("number", call.Number)];

    private static NamedTensor Rows => new("x", HostTensor.From<float>(DType.Float32, [1, 2], 1, 2));

    private static NamedTensor Floats(string name, params float[] values) =>
        new(name, HostTensor.From<float>(DType.Float32, values, values.Length));

    private static NamedTensor Long(string name, long value) => new(name, HostTensor.From<long>(DType.Int64, [value]));

    private static string Shown(NamedTensor output) => $"{output.Name} {Numbers(output)}";

    private static string Numbers(NamedTensor output) => output.DType == DType.UInt8
        ? string.Join(' ', output.Data.ToArray())
        : string.Join(' ', output.Tensor.Values<float>().ToArray().Select(number => number.ToString(CultureInfo.InvariantCulture)));
}
