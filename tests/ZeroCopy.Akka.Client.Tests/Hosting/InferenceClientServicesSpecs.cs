using System.Runtime.Versioning;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Client.Hosting;
using ZeroCopy.Client.Http;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tests.Fakes;

namespace ZeroCopy.Client.Tests.Hosting;

public sealed class InferenceClientServicesSpecs
{
    private const string Answer = """{"model_name":"m","outputs":[]}""";

    private int _calls;

    [Theory]
    [InlineData(429, true, 3)]
    [InlineData(429, false, 3)]
    [InlineData(503, true, 3)]
    [InlineData(503, false, 1)]
    [InlineData(500, true, 1)]
    [InlineData(400, true, 1)]
    public async Task Client_should_call_again_what_may_succeed_then(int status, bool isIdempotent, int calls)
    {
        await using var server = await StartAsync(status, failures: 2);
        await using var services = Services(server.Address);
        var client = services.GetRequiredService<IInferenceClient>();

        var call = client.InferAsync(new InferRequest("m", InferInput.Of("x", new float[] { 1 }, 1)) { IsIdempotent = isIdempotent });

        if (calls == 3)
        {
            Assert.Equal("m", (await call).Model);
        }
        else
        {
            await Assert.ThrowsAsync<InferenceServerException>(() => call);
        }

        Assert.Equal(calls, _calls);
    }

    [Fact]
    public async Task Client_should_give_up_after_four_calls()
    {
        await using var server = await StartAsync(503, failures: 9);
        await using var services = Services(server.Address);

        var error = await Assert.ThrowsAsync<InferenceServerException>(
            () => services.GetRequiredService<InferenceHttpClient>().GetServerMetadataAsync());

        Assert.Equal((InferenceError.Unavailable, 4), (error.Error, _calls));
    }

    [Fact]
    public async Task Client_should_ask_once_whether_a_server_is_ready()
    {
        await using var server = await StartAsync(503, failures: 9);
        await using var services = Services(server.Address);

        Assert.False(await services.GetRequiredService<IInferenceClient>().IsServerReadyAsync());
        Assert.False(await services.GetRequiredService<IInferenceClient>().IsModelReadyAsync("m"));
        Assert.Equal(2, _calls);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public async Task Client_should_call_again_where_the_connection_broke_when_the_call_is_idempotent(bool isIdempotent, int calls)
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            if (++_calls == 1)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return ScriptedServer.SendAsync(context.Response, 200, "application/json", Encoding.UTF8.GetBytes(Answer));
        });
        await using var services = Services(server.Address);

        var call = services.GetRequiredService<IInferenceClient>().InferAsync(new InferRequest("m") { IsIdempotent = isIdempotent });

        if (isIdempotent)
        {
            (await call).Dispose();
        }
        else
        {
            Assert.Equal(InferenceError.Unreachable, (await Assert.ThrowsAsync<InferenceServerException>(() => call)).Error);
        }

        Assert.Equal(calls, _calls);
    }

    [SkippableFact]
    [SupportedOSPlatform("linux")]
    public async Task Client_should_register_shared_memory_once()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Shared memory of this kind needs Linux.");
        using var region = SharedMemoryRegion.Create(64);
        await using var server = await StartAsync(503, failures: 1);
        await using var services = Services(server.Address);
        var client = services.GetRequiredService<InferenceHttpClient>();

        // The server may have done it, and refuses a region that it has.
        await Assert.ThrowsAsync<InferenceServerException>(() => client.RegisterSharedMemoryAsync(region));

        Assert.Equal(1, _calls);
        await client.UnregisterSharedMemoryAsync(region.Name);
    }

    [Fact]
    public void Client_should_not_be_added_twice()
    {
        var services = new ServiceCollection();
        services.AddZeroCopyInferenceClient("http://a:8080");

        var refused = Assert.Throws<InvalidOperationException>(() => services.AddZeroCopyInferenceClient("http://b:8080"));

        Assert.Contains("http://a:8080/", refused.Message, StringComparison.Ordinal);
        Assert.Contains("http://b:8080/", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_should_not_wait_longer_for_a_retry_than_its_time()
    {
        await using var server = await StartAsync(503, failures: 9, retryAfter: "3600");
        await using var services = Services(server.Address, options => options.Timeout = TimeSpan.FromMilliseconds(200));

        var error = await Assert.ThrowsAsync<InferenceServerException>(
            () => services.GetRequiredService<IInferenceClient>().GetServerMetadataAsync());

        Assert.Equal(InferenceError.DeadlineExceeded, error.Error);
        // On a machine that is slow enough the time passes before the first call arrives.
        Assert.InRange(_calls, 0, 1);
    }

    [Fact]
    public void Client_should_refuse_options_and_addresses_that_are_wrong()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Services(new Uri("http://a"), options => options.Timeout = TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => Services(new Uri("http://a"), options => options.MaxAnswerBytes = 0));
        Assert.Throws<UriFormatException>(() => new ServiceCollection().AddZeroCopyInferenceClient("localhost"));
        Assert.Throws<ArgumentException>(() => new InferenceHttpClient(new HttpClient()));
    }

    private static ServiceProvider Services(Uri address, Action<InferenceClientOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddZeroCopyInferenceClient(address.ToString(), configure);
        return services.BuildServiceProvider();
    }

    private Task<ScriptedServer> StartAsync(int status, int failures, string retryAfter = "0") => ScriptedServer.StartAsync(
        context => ++_calls <= failures
            ? ScriptedServer.SendAsync(
                context.Response, status, "application/json", """{"error":"Not now."}"""u8.ToArray(), ("Retry-After", retryAfter))
            : ScriptedServer.SendAsync(context.Response, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(Answer)));
}
