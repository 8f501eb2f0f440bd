using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Actors.Hosting;
using ZeroCopy.Actors.Tests.Fakes;

namespace ZeroCopy.Actors.Tests.Hosting;

public sealed class ZeroCopyHostingSpecs
{
    [Fact]
    public async Task WithInferencePool_should_serve_report_its_health_and_give_everything_back()
    {
        var source = new FakeSource();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(source);
        services.AddSingleton<IHostApplicationLifetime, Lifetime>();
        services.AddAkka("hosted", builder => builder
            .WithZeroCopy()
            .WithInferencePool("echo", resolver => resolver.GetService<FakeSource>(), (_, argument) => argument, configure: s => s with { Size = 2 }));
        await using var provider = services.BuildServiceProvider();
        var hosted = provider.GetServices<IHostedService>().ToArray();
        foreach (var service in hosted)
        {
            await service.StartAsync(CancellationToken.None);
        }

        var system = provider.GetRequiredService<ActorSystem>();
        var pool = ZeroCopySystem.For(system).Pool("echo");
        Assert.Equal("hello", await pool.CallAsync("hello"));
        Assert.Equal(HealthStatus.Healthy, ZeroCopyHosting.Check(system, "echo").Status);
        Assert.Equal(HealthStatus.Unhealthy, ZeroCopyHosting.Check(system, "nobody").Status);
        Assert.Equal(ZeroCopySystem.For(system).ObjectStore, provider.GetRequiredService<ActorRegistry>().Get<ObjectStoreKey>());
        foreach (var service in hosted)
        {
            await service.StopAsync(CancellationToken.None);
        }

        Assert.Equal(0, source.Out);
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
