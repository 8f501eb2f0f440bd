using Akka.Actor.Internal;
using ZeroCopy.Errors;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>What may be called on the modules of task mode, and how it runs.</summary>
public sealed class TaskMethodSpecs : ParitySpec
{
    private readonly Tensor _input = linspace(-1, 1, 24).reshape(3, 8);
    private readonly Speaker _source = new(8);

    [Fact]
    public async Task Tasks_should_run_the_requested_methods_and_the_call_itself()
    {
        var tasks = await ForTasksAsync(nameof(Speaker.Shift));
        using var expected = Answer(_source, _input);
        using var shift = ones(8);
        using var shifted = expected + shift;

        foreach (var name in new[] { "forward", "call", "__call__" })
        {
            using var answer = await tasks.InvokeAsync<Tensor>(name, [_input]);
            Elements.AssertSame(expected, answer);
        }

        using var direct = tasks.Shift(_input, shift);
        using var named = await tasks.InvokeAsync<Tensor>(nameof(Speaker.Shift), [_input, shift]);
        Elements.AssertSame(shifted, direct!);
        Elements.AssertSame(shifted, named);
    }

    [Fact]
    public async Task Tasks_should_take_null_for_an_argument_and_give_it_for_an_answer()
    {
        var tasks = await ForTasksAsync(nameof(Speaker.Shift), nameof(Speaker.Nothing));
        using var expected = Answer(_source, _input);

        using var direct = tasks.Shift(_input, null);
        using var named = await tasks.InvokeAsync<Tensor>(nameof(Speaker.Shift), [_input, null]);

        Elements.AssertSame(expected, direct!);
        Elements.AssertSame(expected, named);
        Assert.Null(tasks.Nothing(null));
    }

    [Fact]
    public async Task Tasks_should_run_each_call_in_an_actor_of_its_own()
    {
        var tasks = await ForTasksAsync(nameof(Speaker.Where));

        var actors = new[] { tasks.Where(), tasks.Where(), await tasks.InvokeAsync<string>(nameof(Speaker.Where), []) };

        Assert.Equal(3, actors.Distinct().Count());
        Assert.All(actors, actor => Assert.StartsWith("/user/zerocopy/tasks/", actor, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tasks_should_run_without_gradients()
    {
        var tasks = await ForTasksAsync(nameof(Speaker.Gradients));
        using var input = _input.clone().requires_grad_();

        using var answer = tasks.call(input);

        Assert.True(is_grad_enabled());
        Assert.False(tasks.Gradients());
        Assert.False(answer.requires_grad);
    }

    [Fact]
    public async Task Tasks_should_never_answer_a_call_that_is_not_allowed()
    {
        var tasks = await ForTasksAsync();

        var direct = Assert.Throws<MethodNotAllowedException>(() => tasks.Nothing(_input));
        var named = await Assert.ThrowsAsync<MethodNotAllowedException>(() => tasks.InvokeAsync<object>(nameof(Speaker.Nothing), [_input]));
        var unknown = await Assert.ThrowsAsync<MethodNotAllowedException>(() => tasks.InvokeAsync<object>("Nowhere", []));
        var hidden = await Assert.ThrowsAsync<MethodNotAllowedException>(() => tasks.InvokeAsync<object>("Secret", []));

        Assert.Equal(
            [nameof(Speaker.Nothing), nameof(Speaker.Nothing), "Nowhere", "Secret"],
            new[] { direct, named, unknown, hidden }.Select(error => error.Method));
        Assert.Contains("methodNames", direct.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tasks_should_refuse_a_class_with_a_public_method_that_would_run_on_the_empty_shim()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => ModelWrapper.ForTasksAsync(new Leaky(), host: Host));
        var general = await ModelWrapper.ForTasksAsync<nn.Module<Tensor, Tensor>>(
            new Leaky(), methodNames: [nameof(Leaky.Last)], host: Host);

        Assert.Contains("'Last'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Module<Tensor, Tensor>", error.Message, StringComparison.Ordinal);
        Assert.Null(await general.InvokeAsync<Tensor?>(nameof(Leaky.Last), []));
    }

    [Fact]
    public async Task Tasks_should_show_the_plain_values_of_the_class_that_they_stand_for()
    {
        var tasks = await ForTasksAsync();

        Assert.Equal((8, "speaker"), (tasks.Width, tasks.Label));
        Assert.Empty(tasks.parameters());
    }

    [Fact]
    public async Task Tasks_should_fail_with_the_models_error_when_the_input_has_another_shape()
    {
        var tasks = await ForTasksAsync();
        using var misshaped = rand(3, 7);

        var direct = Assert.Throws<InferenceException>(() => tasks.call(misshaped));
        var named = await Assert.ThrowsAsync<InferenceException>(() => tasks.CallAsync(misshaped));

        Assert.All([direct, named], error => Assert.Equal(InferenceFailure.ModelError, error.Failure));
        Assert.Contains("3x7", direct.Message, StringComparison.Ordinal);
        using var answer = await tasks.CallAsync(_input);
    }

    [Fact]
    public async Task Tasks_should_end_with_their_time_out()
    {
        var tasks = await ForTasksAsync();

        var late = await Assert.ThrowsAsync<InferenceException>(() => tasks.CallAsync(_input, timeout: TimeSpan.Zero));

        Assert.Equal(InferenceFailure.DeadlineExceeded, late.Failure);
    }

    [Fact]
    public async Task Tasks_should_leave_no_tensor_behind_whether_they_answer_or_fail()
    {
        var tasks = await ForTasksAsync();
        using var misshaped = rand(3, 7);
        await CallAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;

        for (var call = 0; call < 50; call++)
        {
            await CallAsync();
        }

        Assert.InRange(Tensor.TotalCount, 0, before);

        async Task CallAsync()
        {
            (await tasks.CallAsync(_input)).Dispose();
            tasks.call(_input).Dispose();
            await Assert.ThrowsAsync<InferenceException>(() => tasks.CallAsync(misshaped));
            await Assert.ThrowsAsync<InferenceException>(() => tasks.CallAsync(_input, timeout: TimeSpan.Zero));
        }
    }

    [Fact]
    public async Task Tasks_should_work_after_a_round_trip_of_the_wrapper_that_gave_them()
    {
        var tasks = await ForTasksAsync(nameof(Speaker.Shift));
        using var expected = Answer(_source, _input);

        var again = ModelWrapper.Deserialize<Speaker>(ModelWrapper.Of(tasks).Serialize(), Host).Load();
        var elsewhere = ModelWrapper.Deserialize<Speaker>(ModelWrapper.Of(tasks).Serialize(), Open())
            .Load(new LoadOptions<Speaker> { Factory = () => new Speaker(8) });

        Assert.NotSame(tasks, again);
        foreach (var copy in new[] { again, elsewhere })
        {
            Assert.Empty(copy.parameters());
            using var answer = copy.call(_input);
            using var shifted = copy.Shift(_input, null);
            Elements.AssertSame(expected, answer);
            Elements.AssertSame(expected, shifted!);
            Assert.Throws<MethodNotAllowedException>(copy.Where);
        }

        Assert.Throws<ArgumentException>(() => ModelWrapper.Of(_source));
    }

    private Task<Speaker> ForTasksAsync(params string[] methods) => ModelWrapper.ForTasksAsync(_source, methodNames: methods, host: Host);

    public class Speaker : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer;

        public Speaker(int width)
            : base(nameof(Speaker))
        {
            Width = width;
            _layer = nn.Linear(width, width);
            RegisterComponents();
        }

        public int Width { get; }

        public string Label { get; } = "speaker";

        public override Tensor forward(Tensor input) => _layer.call(input);

        public virtual Tensor? Shift(Tensor input, Tensor? by) => by is null ? _layer.call(input) : _layer.call(input) + by;

        public virtual object? Nothing(Tensor? input) => input is null ? null : Secret();

        public virtual string Where() => InternalCurrentActorCellKeeper.Current?.Self.Path.ToStringWithoutAddress() ?? "no actor";

        public virtual bool Gradients() => is_grad_enabled();

        private static string Secret() => "secret";
    }

    public class Leaky : nn.Module<Tensor, Tensor>
    {
        private readonly Tensor? _last = null;

        public Leaky()
            : base(nameof(Leaky))
        {
        }

        public override Tensor forward(Tensor input) => input.alias();

        public Tensor? Last() => _last;
    }
}
