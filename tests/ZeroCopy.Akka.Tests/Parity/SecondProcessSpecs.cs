using Akka.Actor;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.ModelProcess;
using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class SecondProcessSpecs : ParitySpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Process_should_answer_as_the_one_that_wrapped_the_model()
    {
        var child = await StartAsync();
        foreach (var (model, index) in ModelCases.Names.Select((name, index) => (ModelCases.Get(name), index)))
        {
            using var source = model.Make();
            source.eval();
            var expected = $"ok {model.AnswerDigest(source)}";
            var wrapper = await ModelWrapper.FromModelAsync(source, host: Host, name: new ModelName($"model{index}"));

            Assert.Equal("ok ", await child.AskAsync($"open model{index} {model}"));
            Assert.Equal(expected, await child.AskAsync("call"));
            Assert.Equal("ok ", await child.AskAsync($"load {Convert.ToBase64String(wrapper.Serialize())} {model}"));
            Assert.Equal(expected, await child.AskAsync("call"));
        }
    }

    [Fact]
    public async Task Process_should_run_tasks_by_a_wrapper_that_it_was_sent()
    {
        var model = ModelCases.Get("transformer");
        using var source = model.Make();
        source.eval();
        var wrapper = await ModelWrapper.FromModelAsync(source, WrapMode.Task, host: Host);
        var child = await StartAsync();

        Assert.Equal("ok ", await child.AskAsync($"load {Convert.ToBase64String(wrapper.Serialize())} {model}"));

        Assert.Equal($"ok {model.AnswerDigest(source)}", await child.AskAsync("parallel 8"));
    }

    [Fact]
    public async Task Process_should_take_a_wrapper_through_remoting()
    {
        var model = ModelCases.Get("transformer");
        using var source = model.Make();
        source.eval();
        var child = await StartAsync();
        var actor = await child.AskAsync($"listen {model}");
        var system = ActorSystem.Create("sender", RemoteLoader.Configuration);
        try
        {
            var wrapper = await ModelWrapper.FromModelAsync(source, host: Open(new ZeroCopyHostOptions { ActorSystem = system }));

            var answer = await system.ActorSelection(actor["ok ".Length..]).Ask<string>(wrapper, Patience);

            Assert.Equal(model.AnswerDigest(source), answer);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task Process_should_answer_from_the_store_after_the_one_that_wrapped_the_model_was_killed()
    {
        var first = await StartAsync();
        await first.AskAsync("build transformer");
        var wrapper = (await first.AskAsync("wrap kept"))["ok ".Length..];
        var expected = await first.AskAsync("call");
        await first.KillAsync();

        var second = await StartAsync();

        Assert.Equal("ok ", await second.AskAsync("open kept transformer"));
        Assert.Equal(expected, await second.AskAsync("call"));
        Assert.Equal("ok ", await second.AskAsync($"load {wrapper} transformer"));
        Assert.Equal(expected, await second.AskAsync("call"));
    }

    [SkippableFact]
    public async Task Process_should_end_a_hosted_pools_calls_before_its_store_when_it_is_terminated()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        var child = await StartAsync("hosted");
        Assert.Equal("entered", await child.ReadAsync());

        child.Terminate();
        Assert.Equal("draining", await child.ReadAsync());
        await child.SendAsync("go on");

        Assert.Equal("right open closed", await child.ReadAsync());
        Assert.Equal(0, await child.EndAsync());
        Host.Store.Remove(Assert.Single(Host.Store.List()).Id);
    }

    [Fact]
    public async Task Process_should_keep_another_one_from_removing_what_it_uses()
    {
        var model = ModelCases.Get("mlp");
        using var source = model.Make();
        source.eval();
        await ModelWrapper.FromModelAsync(source, host: Open(), name: new ModelName("used"));
        await CloseHostsAsync();
        var child = await StartAsync();
        Assert.Equal("ok ", await child.AskAsync("open used mlp"));
        var host = Open();

        var error = Assert.Throws<ModelInUseException>(() => host.Store.Remove(new ModelName("used")));

        Assert.Contains($"process id {child.Id}", error.Message, StringComparison.Ordinal);
        Assert.Equal($"ok {model.AnswerDigest(source)}", await child.AskAsync("call"));
        await child.KillAsync();
        host.Store.Remove(new ModelName("used"));
        Assert.Throws<ModelNotFoundException>(() => host.Store.Resolve(new ModelName("used")));
    }

    [Fact]
    public async Task Process_should_be_refused_to_remove_what_is_loaded_here()
    {
        var model = ModelCases.Get("mlp");
        using var source = model.Make();
        source.eval();
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host, name: new ModelName("used"));
        var loaded = wrapper.Load();
        var child = await StartAsync();

        Assert.StartsWith("ModelInUseException", await child.AskAsync("remove used"), StringComparison.Ordinal);

        AssertSameAnswer(model, source, loaded);
        ModuleDisposal.Release(loaded);
    }

    [Fact]
    public async Task Processes_should_store_a_model_once_when_they_wrap_it_at_the_same_time()
    {
        var first = await StartAsync();
        var second = await StartAsync();
        await first.AskAsync("build 28 MB mlp");
        await second.AskAsync("build 28 MB mlp");

        await Task.WhenAll(first.AskAsync("wrap one"), second.AskAsync("wrap two"));

        var bytes = Host.Store.Resolve(new ModelName("one")).Bytes;
        Assert.Equal(bytes, Host.Store.Resolve(new ModelName("two")).Bytes);
        Assert.Equal(bytes, Host.Store.GetStatistics().LiveBytes);
        Assert.InRange(
            new DirectoryInfo(Store).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), bytes, bytes * 1.01);
        Assert.Equal("ok ", await first.AskAsync("open two 28 MB mlp"));
        Assert.Equal(await second.AskAsync("call"), await first.AskAsync("call"));
    }

    [Fact]
    public async Task Process_should_keep_its_writes_to_a_weight_to_itself()
    {
        var model = ModelCases.Get("mlp");
        using var source = model.Make();
        source.eval();
        var expected = $"ok {model.AnswerDigest(source)}";
        var loaded = (await ModelWrapper.FromModelAsync(source, host: Host, name: new ModelName("written"))).Load();
        var writer = await StartAsync();
        var reader = await StartAsync();
        await writer.AskAsync("open written mlp");
        await reader.AskAsync("open written mlp");

        Assert.Equal("ok ", await writer.AskAsync("write"));

        Assert.NotEqual(expected, await writer.AskAsync("call"));
        Assert.Equal(expected, await reader.AskAsync("call"));
        AssertSameAnswer(model, source, loaded);
        Assert.Empty((await Host.Store.VerifyAsync()).Damaged);
        ModuleDisposal.Release(loaded);
    }
}
