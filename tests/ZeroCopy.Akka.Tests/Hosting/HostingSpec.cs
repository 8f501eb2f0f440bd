using System.Text.Json.Serialization;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Hosting;
using ZeroCopy.Manifests;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Hosting;

/// <summary>Applications with the generic host and Akka.Hosting, each with the test's own store.</summary>
public abstract class HostingSpec : IAsyncLifetime
{
    /// <summary>How long a test waits for something that must happen; only a failing test ever waits that long.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly List<IHost> _applications = [];
    private readonly LeakCheck _leaks = new();

    protected static ModelCatalog Catalog { get; } = new ModelCatalog().Register<Encoder, Widths>(
        "encoder", (widths, _) => new Encoder(widths.Inputs, widths.Outputs));

    protected Tensor Input { get; } = linspace(-1, 1, 24).reshape(3, 8);

    protected string StoreDirectory => _directory.File("store");

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Nothing of an application outlives it: no mapping, no use of a model.</summary>
    public async Task DisposeAsync()
    {
        foreach (var application in _applications)
        {
            await application.StopAsync();
            await ((IAsyncDisposable)application).DisposeAsync();
        }

        Input.Dispose();
        _directory.Dispose();
        // Modules that a test made itself may wait for their finalizers.
        _leaks.VerifyCollected();
    }

    /// <summary>An application that is not started; HOCON names the test's store.</summary>
    protected IHost Application(Action<AkkaConfigurationBuilder> configure, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("hosted", akka => configure(akka
            .AddHocon($"zerocopy.object-store.directory = \"{StoreDirectory}\"", HoconAddMode.Append)
            .AddHocon("akka { loglevel = OFF, stdout-loglevel = OFF }", HoconAddMode.Prepend)));
        builder.Services.AddZeroCopyHost().AddHealthChecks();
        services?.Invoke(builder.Services);
        var application = builder.Build();
        _applications.Add(application);
        return application;
    }

    /// <summary>An application that has started, and its host.</summary>
    protected async Task<(IHost Application, ZeroCopyHost Host)> StartAsync(Action<AkkaConfigurationBuilder> configure)
    {
        var application = Application(configure);
        await application.StartAsync().WaitAsync(Patience);
        return (application, application.Services.GetRequiredService<ZeroCopyHost>());
    }

    /// <summary>An encoder in the store that every process with <see cref="Catalog"/> can build.</summary>
    protected static Task PutAsync(TorchRuntime runtime, Encoder encoder, string name) => runtime.PutAsync(encoder, new PutModuleOptions
    {
        Recipe = new Recipe.Catalog("encoder", """{"inputs": 8, "outputs": 4}"""),
        Put = new PutOptions { Name = new ModelName(name) },
    });

    protected static async Task<HealthReportEntry> HealthAsync(IHost application, string pool) =>
        (await application.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WaitAsync(Patience))
        .Entries[$"zerocopy-pool-{pool}"];

    protected Tensor Call(Module<Tensor, Tensor> model)
    {
        using var frozen = no_grad();
        return model.call(Input);
    }

    protected sealed record Widths(
        [property: JsonPropertyName("inputs")] long Inputs, [property: JsonPropertyName("outputs")] long Outputs);
}
