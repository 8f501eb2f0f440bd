using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class FaultSpecs : ParitySpec
{
    [Fact]
    public async Task Load_should_name_every_tensor_that_does_not_fit_in_one_error()
    {
        using var source = new Tensors(("same", zeros(2)), ("surplus", zeros(2)), ("shape", zeros(2, 3)), ("type", zeros(2)));
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);
        var read = ModelWrapper.Deserialize<Tensors>(wrapper.Serialize(), Open());

        var error = Assert.Throws<BindingException>(() => read.Load(new LoadOptions<Tensors>
        {
            Factory = () => new Tensors(
                ("same", zeros(2)), ("missing", zeros(2)), ("shape", zeros(3, 2)), ("type", zeros(2, dtype: ScalarType.Float64))),
        }));

        Assert.Equal(4, error.Problems.Length);
        foreach (var name in new[] { "surplus", "missing", "shape", "type" })
        {
            Assert.Contains(error.Problems, problem => problem.StartsWith(name, StringComparison.Ordinal));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Wrapping_should_name_the_member_that_cannot_be_cloned_and_put_nothing()
    {
        using var source = new Threaded();
        using var held = new ThreadLocal<int>();

        var module = await Assert.ThrowsAsync<CloneRefusedException>(() => ModelWrapper.FromModelAsync(source, host: Host));
        var pipeline = await Assert.ThrowsAsync<CloneRefusedException>(
            () => ModelWrapper.FromModelAsync(new Held(new Encoder(), held), host: Host));

        Assert.Contains("_perThread", module.Message, StringComparison.Ordinal);
        Assert.Contains("PerThread", pipeline.Message, StringComparison.Ordinal);
        Assert.Equal(0, Host.Store.GetStatistics().Models);
    }

    [Fact]
    public async Task Load_should_rebuild_a_module_that_cannot_be_cloned_by_its_factory()
    {
        using var source = new Threaded();
        var handle = await Host.Runtime.PutAsync(source);
        var opened = Host.Runtime.Open(handle, new OpenOptions<Threaded> { Factory = _ => new Threaded() });
        using var input = linspace(-1, 1, 24).reshape(3, 8);
        using var expected = Answer(source, input);

        foreach (var instance in new[] { opened.Materialise(), opened.Materialise() })
        {
            using var answer = Answer(instance, input);
            Elements.AssertSame(expected, answer);
            ModuleDisposal.Release(instance);
        }
    }

    [Fact]
    public async Task Wrapping_should_end_with_its_token_and_put_nothing()
    {
        using var source = ModelCases.Get("28 MB mlp").Make();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelWrapper.FromModelAsync(source, host: Host, cancellationToken: cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelWrapper.ForTasksAsync(source, host: Host, cancellationToken: cancelled.Token));

        Assert.Equal(0, Host.Store.GetStatistics().Models);
    }

    [Fact]
    public async Task Wrapping_should_refuse_an_invalid_mode() =>
        await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.FromModelAsync(new Encoder(), (WrapMode)7, host: Host));

    [Theory]
    [InlineData("Secret")]
    [InlineData("NoSuchMethod")]
    public async Task Wrapping_should_name_a_method_that_is_private_or_unknown(string method)
    {
        var error = await Assert.ThrowsAsync<MethodNotAllowedException>(
            () => ModelWrapper.ForTasksAsync<nn.Module<Tensor, Tensor>>(new Encoder(), methodNames: [method], host: Host));

        Assert.Equal(method, error.Method);
        Assert.Contains(method, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrapping_should_leave_nothing_behind_when_the_store_is_full()
    {
        const long limit = 1 << 20;
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions
        {
            Store = new ObjectStoreOptions { Directory = File("small"), CapacityBytes = limit, PutDeadline = TimeSpan.Zero },
        });
        using var source = ModelCases.Get("28 MB mlp").Make();

        var error = await Assert.ThrowsAsync<StoreFullException>(() => ModelWrapper.FromModelAsync(source, host: host));

        Assert.Equal(limit, error.LimitBytes);
        Assert.True(error.NeededBytes > 28_000_000, error.Message);
        Assert.Equal(0, host.Store.GetStatistics().Models);
        Assert.True(new DirectoryInfo(File("small")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) < limit);
    }

    [Fact]
    public async Task Pool_should_answer_with_the_failure_and_go_on_when_matmul_refuses_an_input()
    {
        using var source = new Tensors(("weight", eye(4)));
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);
        await using var pool = await Host.StartPoolAsync(
            "matmul",
            wrapper,
            (Tensors model, Tensor input) => matmul(input, model.parameters().Single()),
            settings => settings with { Size = 1 });
        using var fits = ones(3, 4);
        using var unfit = ones(3, 5);

        var error = await Assert.ThrowsAsync<InferenceException>(() => pool.AskAsync(unfit));
        using var answer = await pool.AskAsync(fits);

        Assert.Equal(InferenceFailure.ModelError, error.Failure);
        Assert.Contains("shapes cannot be multiplied (3x5 and 4x4)", error.Message, StringComparison.Ordinal);
        Elements.AssertSame(fits, answer);
    }

    [SkippableTheory]
    [InlineData("throw")]
    [InlineData("convert")]
    public async Task Exceptions_that_nobody_would_learn_of_should_end_the_process(string command)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Windows hands C++ exceptions to .NET.");
        const int aborted = 128 + 6;
        var process = await StartAsync();

        await process.SendAsync(command);

        Assert.Equal(aborted, await process.EndAsync());
    }

    [Fact]
    public void Host_should_refuse_a_store_that_is_no_directory()
    {
        System.IO.File.WriteAllText(File("file"), "");

        var error = Assert.Throws<StoreUnavailableException>(
            () => ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = File("file") } }));

        Assert.Contains(File("file"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_should_say_that_the_model_was_removed()
    {
        var model = ModelCases.Get("mlp");
        var wrapper = await ModelWrapper.FromModelAsync(model.Make(), host: Host, name: new ModelName("gone"));
        var bytes = wrapper.Serialize();
        await CloseHostsAsync();
        var host = Open();
        host.Store.Remove(new ModelName("gone"));

        Assert.Throws<ModelNotFoundException>(
            () => ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(bytes, host).Load(model.LoadOptions));
    }

    [Fact]
    public async Task Load_should_say_what_to_give_when_nothing_here_can_build_the_module()
    {
        var wrapper = await ModelWrapper.FromModelAsync(ModelCases.Get("mlp").Make(), host: Host);

        var error = Assert.Throws<RecipeUnavailableException>(
            () => ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(wrapper.Serialize(), Open()).Load());

        Assert.Contains("LoadOptions", error.Message, StringComparison.Ordinal);
    }

    private sealed class Tensors : nn.Module<Tensor, Tensor>
    {
        public Tensors(params (string Name, Tensor Value)[] parameters)
            : base(nameof(Tensors))
        {
            foreach (var (name, value) in parameters)
            {
                register_parameter(name, nn.Parameter(value));
            }
        }

        public override Tensor forward(Tensor input) => input.alias();
    }

    private sealed class Threaded : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer = nn.Linear(8, 4);
        private readonly ThreadLocal<int> _perThread = new(() => 1);

        public Threaded()
            : base(nameof(Threaded)) => RegisterComponents();

        public override Tensor forward(Tensor input) => _layer.forward(input) * _perThread.Value;
    }

    private sealed record Held(Encoder Model, ThreadLocal<int> PerThread);
}
