using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Http;

public sealed class InferParameterSpecs
{
    [Fact]
    public async Task Timeout_should_be_the_deadline_in_microseconds()
    {
        var options = await OptionsAsync("""{"timeout":5000000}""");

        Assert.Equal(TimeSpan.FromSeconds(5), options.Deadline);
    }

    [Fact]
    public async Task Timeout_should_have_passed_where_it_is_shorter_than_the_way_to_the_model()
    {
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        var model = new FakeEndpoint("model", _ => new ModelAnswer([]));
        await using var served = await ServedModels.StartWithAsync(services => services.AddSingleton<TimeProvider>(clock), model);

        (await served.InferAsync("model", """{"inputs":[],"parameters":{"timeout":1}}""")).Failed(504, "0.001 ms", "had passed");

        Assert.Null(model.Last);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"timeout":0}""")]
    public async Task Timeout_should_leave_the_deadline_to_the_model_when_it_is_none(string parameters) =>
        Assert.Null((await OptionsAsync(parameters)).Deadline);

    [Theory]
    [InlineData("""{"sequence_id":42}""", "42")]
    [InlineData("""{"sequence_id":"user-7"}""", "user-7")]
    [InlineData("""{"sequence_id":18446744073709551615}""", "18446744073709551615")]
    [InlineData("""{"sequence_id":0}""", null)]
    [InlineData("""{"sequence_id":""}""", null)]
    public async Task Sequence_should_be_the_hash_key(string parameters, string? key) =>
        Assert.Equal(key, (await OptionsAsync(parameters)).HashKey);

    [Fact]
    public async Task Method_should_choose_the_models_method()
    {
        var model = new FakeEndpoint("model", _ => new ModelAnswer([]));
        await using var served = await ServedModels.StartAsync(model);

        (await served.InferAsync("model", """{"inputs":[],"parameters":{"method":"encode"}}""")).Succeeded();

        Assert.Equal("encode", model.Last!.Method);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("18446744073709551615")]
    public async Task Priority_should_change_nothing(string priority) =>
        Assert.Equal(await OptionsAsync("{}"), await OptionsAsync($$"""{"priority":{{priority}}}"""));

    [Fact]
    public async Task Parameters_should_be_ignored_when_they_are_unknown() =>
        Assert.NotNull(await OptionsAsync("""{"team":"blue","n":3,"flag":true,"share":0.5}"""));

    private static async Task<CallOptions> OptionsAsync(string parameters)
    {
        var model = new FakeEndpoint("model", _ => new ModelAnswer([]));
        await using var served = await ServedModels.StartWithAsync(
            services => services.AddSingleton<TimeProvider>(new FakeTimeProvider()), model);

        (await served.InferAsync("model", $$"""{"inputs":[],"parameters":{{parameters}}}""")).Succeeded();

        return model.Last!.Options!;
    }
}
