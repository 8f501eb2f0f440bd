using TorchSharp;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Parity.Scripts;
using ZeroCopy.Torch.Script;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Devices;

/// <summary>Pools whose instances are on a CUDA device; skipped where there is none.</summary>
public sealed class CudaPoolSpecs : HostSpec
{
    private static readonly LoadOptions<Module<Tensor, Tensor>> OnDevice = new() { Device = new Device(DeviceType.CUDA, 0) };

    [SkippableFact]
    public async Task ModelPool_should_answer_many_threads_from_the_device()
    {
        RequireDevice();
        using var model = Mlp();
        using var expected = Call(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "device",
            wrapper,
            (Module<Tensor, Tensor> own, Tensor input) => own.call(input.cuda()).cpu(),
            settings => settings with { Size = 3 },
            OnDevice);
        Assert.True(SpinWait.SpinUntil(() => pool.Actors.ReadyActors == 3, Patience));
        (await pool.AskAsync(Input).WaitAsync(Patience)).Dispose();
        var before = LiveTensors();

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, stop) =>
        {
            using var answer = await pool.AskAsync(Input, cancellationToken: stop).WaitAsync(Patience, stop);
            AssertClose(expected, answer);
        });

        Assert.InRange(Tensor.TotalCount, 0, before);
    }

    [SkippableFact]
    public async Task ModelPool_should_leave_answers_where_the_function_made_them()
    {
        RequireDevice();
        using var model = Mlp();
        using var expected = Call(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "device", wrapper, (Module<Tensor, Tensor> own, Tensor input) => own.call(input.cuda()), load: OnDevice);
        await pool.WhenReadyAsync().WaitAsync(Patience);

        using var answer = await pool.AskAsync(Input).WaitAsync(Patience);

        Assert.Equal(DeviceType.CUDA, answer.device_type);
        using var here = answer.cpu();
        AssertClose(expected, here);
    }

    [SkippableFact]
    public async Task ModelPool_should_say_what_happened_when_an_input_was_left_on_the_host()
    {
        RequireDevice();
        using var model = Mlp();
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "device", wrapper, (Module<Tensor, Tensor> own, Tensor input) => own.call(input), load: OnDevice);

        var error = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(Input).WaitAsync(Patience));

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.Contains("cuda:0", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task ModelPool_should_join_inputs_that_are_on_the_device()
    {
        RequireDevice();
        using var model = Mlp();
        using var expected = Call(model);
        using var there = Input.cuda();
        var rows = 0L;
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "device",
            wrapper,
            (Module<Tensor, Tensor> own, Tensor input) =>
            {
                rows = input.shape[0];
                return own.call(input);
            },
            settings => settings with
            {
                Size = 1,
                Batching = new BatchingSettings { Adaptive = false, MaxRows = 12, MaxDelay = Patience, Verify = false },
            },
            OnDevice);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => pool.AskAsync(there))).WaitAsync(Patience);

        Assert.Equal(12, rows);
        foreach (var answer in answers)
        {
            using var here = answer.cpu();
            AssertClose(expected, here);
            answer.Dispose();
        }
    }

    [SkippableFact]
    public void TypedBinder_should_answer_with_copies_of_what_is_on_the_device()
    {
        RequireDevice();

        using var answer = TypedBinder.For(typeof(Tensor))!.ToAnswer(Input.cuda());

        using var here = (Tensor)TypedBinder.For(typeof(Tensor))!.Bind("", answer.Outputs);
        Assert.True(Same(Input, here));
    }

    [SkippableFact]
    public async Task Pipelines_should_have_their_modules_on_the_device()
    {
        RequireDevice();
        using var encoder = Mlp();
        using var head = Mlp();
        using var frozen = no_grad();
        using var expected = head.call(encoder.call(Input));
        var wrapper = await ModelWrapper.FromModelAsync(new TwoSteps { Encoder = encoder, Head = head }, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "device",
            wrapper,
            (TwoSteps own, Tensor input) => own.Head.call(own.Encoder.call(input.cuda())).cpu(),
            settings => settings with { Size = 2 },
            new LoadOptions<TwoSteps> { Device = CUDA });

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => pool.AskAsync(Input))).WaitAsync(Patience);

        Assert.All(answers, answer => AssertClose(expected, answer));
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [SkippableFact]
    public async Task MapBatches_should_run_on_the_device()
    {
        RequireDevice();
        using var model = Mlp();
        using var expected = Call(model);
        var wrapper = await ModelWrapper.FromModelAsync(model, host: Host);
        var rows = Enumerable.Range(0, 3).Select(row => Input[row]).ToList();

        var answers = await wrapper.MapBatchesAsync(
            rows.ToAsyncEnumerable(),
            (Module<Tensor, Tensor> own, IReadOnlyList<Tensor> batch) => (IReadOnlyList<Tensor>)own.call(
                stack(batch).cuda()).cpu().unbind(),
            new MapBatchesOptions { BatchSize = 2, Actors = 2, Device = CUDA }).ToListAsync();

        using var joined = stack(answers);
        AssertClose(expected, joined);
        answers.ForEach(answer => answer.Dispose());
        rows.ForEach(row => row.Dispose());
    }

    [SkippableTheory]
    [InlineData("scripted")]
    [InlineData("traced")]
    public async Task Scripts_should_run_on_the_device_behind_a_wrapper_and_by_their_name(string name)
    {
        RequireDevice();
        using var script = ScriptFiles.Load(name);
        script.eval();
        using var frozen = no_grad();
        using var expected = script.call(Input);
        var wrapper = await ScriptModelWrapper.FromModelAsync<IModule<Tensor, Tensor>>(script, host: Host, name: new ModelName("script"));
        var loaded = wrapper.Load(new LoadOptions<IModule<Tensor, Tensor>> { Device = CUDA });
        await using var pool = await Host.StartPoolAsync(
            "device",
            new ModelName("script"),
            (ScriptProgram own, Tensor input) => ((Tensor)own.Forward(input.cuda())!).cpu(),
            device: CUDA);

        using var there = Input.cuda();
        using var direct = loaded.call(there).cpu();
        using var answer = await pool.AskAsync(Input).WaitAsync(Patience);

        AssertClose(expected, direct);
        AssertClose(expected, answer);
        ModelWrapper.Release(loaded);
    }

    private static void RequireDevice()
    {
        Skip.IfNot(cuda.is_available(), "No CUDA device here.");
        backends.cuda.matmul.allow_tf32 = false;
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(DeviceType.CPU, actual.device_type);
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(allclose(expected, actual, rtol: 1e-4, atol: 1e-4));
    }

    private sealed class TwoSteps
    {
        public required Module<Tensor, Tensor> Encoder { get; init; }

        public required Module<Tensor, Tensor> Head { get; init; }
    }
}
