using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Hosting;
using ZeroCopy.Product.Tests.Models;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Hosting;

public sealed class PoolAsyncSpecs : HostingSpec
{
    [Fact]
    public async Task PoolAsync_should_wait_in_a_service_that_starts_before_the_actors()
    {
        using var model = new Encoder();
        using var expected = Call(model);
        var early = new Early(Input);
        var application = Application(
            akka => WithPool(akka, model),
            services => services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => early.With(provider))));

        await application.StartAsync().WaitAsync(Patience);

        using var answer = await early.Answer.WaitAsync(Patience);
        Assert.True(allclose(expected, answer));
    }

    [Fact]
    public async Task PoolAsync_should_give_a_pool_that_is_started_already_or_by_a_later_service()
    {
        using var model = new Encoder();
        var application = Application(
            akka => akka.WithZeroCopyHost(),
            services => services.AddSingleton<IHostedService>(provider => new Later(provider, model)));
        var host = application.Services.GetRequiredService<ZeroCopyHost>();
        var waiting = host.PoolAsync<Tensor, Tensor>("later");

        await application.StartAsync().WaitAsync(Patience);

        Assert.Same(await waiting.WaitAsync(Patience), await host.PoolAsync<Tensor, Tensor>("later").WaitAsync(Patience));
    }

    [Fact]
    public async Task PoolAsync_should_name_a_pool_that_nothing_started_when_the_start_is_over()
    {
        using var model = new Encoder();
        var application = Application(akka => WithPool(akka, model));
        var host = application.Services.GetRequiredService<ZeroCopyHost>();
        var waiting = host.PoolAsync<Tensor, Tensor>("absent");

        await application.StartAsync().WaitAsync(Patience);

        var before = await Assert.ThrowsAsync<KeyNotFoundException>(() => waiting.WaitAsync(Patience));
        var after = await Assert.ThrowsAsync<KeyNotFoundException>(() => host.PoolAsync<Tensor, Tensor>("absent").WaitAsync(Patience));
        Assert.All([before, after], error => Assert.Contains("'absent'; there are: encoder", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PoolAsync_should_refuse_a_pool_of_other_types()
    {
        using var model = new Encoder();
        var application = Application(akka => WithPool(akka, model));
        var waiting = application.Services.GetRequiredService<ZeroCopyHost>().PoolAsync<float[], Tensor>("encoder");

        await application.StartAsync().WaitAsync(Patience);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => waiting.WaitAsync(Patience));
        Assert.Contains("encoder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PoolAsync_should_end_with_the_host_and_with_its_token()
    {
        using var gone = new CancellationTokenSource();
        var (application, host) = await StartWithoutObserverAsync();
        var waiting = host.PoolAsync<Tensor, Tensor>("absent");
        var cancelled = host.PoolAsync<Tensor, Tensor>("absent", gone.Token);

        await gone.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        await application.StopAsync().WaitAsync(Patience);

        Assert.Equal(gone.Token, thrown.CancellationToken);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.PoolAsync<Tensor, Tensor>("absent").WaitAsync(Patience));
    }

    private static void WithPool(AkkaConfigurationBuilder akka, Encoder model) => akka
        .WithZeroCopyHost()
        .WithModelPool("encoder", host => ModelWrapper.FromModelAsync(model, host: host), (Encoder own, Tensor input) => own.call(input));

    /// <summary>An application whose end of start nobody tells the host.</summary>
    private async Task<(IHost Application, ZeroCopyHost Host)> StartWithoutObserverAsync()
    {
        var application = Application(
            akka => akka.WithZeroCopyHost(),
            services => services.Remove(services.Single(service => service.ImplementationType?.Name == "StartObserver")));
        await application.StartAsync().WaitAsync(Patience);
        return (application, application.Services.GetRequiredService<ZeroCopyHost>());
    }

    private sealed class Early(Tensor input) : BackgroundService
    {
        private readonly TaskCompletionSource<Tensor> _answer = new();
        private IServiceProvider? _services;

        public Task<Tensor> Answer => _answer.Task;

        public Early With(IServiceProvider services)
        {
            _services = services;
            return this;
        }

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            try
            {
                var pool = await _services!.GetRequiredService<ZeroCopyHost>().PoolAsync<Tensor, Tensor>("encoder", stoppingToken);
                _answer.SetResult(await pool.AskAsync(input, cancellationToken: stoppingToken));
            }
            catch (Exception exception)
            {
                _answer.SetException(exception);
            }
        }
    }

    private sealed class Later(IServiceProvider services, Encoder model) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var host = services.GetRequiredService<ZeroCopyHost>();
            await host.StartPoolAsync(
                "later", await ModelWrapper.FromModelAsync(model, host: host, cancellationToken: cancellationToken),
                (Encoder own, Tensor input) => own.call(input), cancellationToken: cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
