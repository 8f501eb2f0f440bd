using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Endpoints;
using ZeroCopy.Node.Service;

namespace ZeroCopy.Node.Tests.Service;

public sealed class WarmModelsSpecs
{
    [Theory]
    [InlineData(EndpointState.Loading)]
    [InlineData(EndpointState.Failed)]
    public async Task WarmModels_should_be_well_whatever_becomes_of_a_model_without_a_pool_of_its_own(EndpointState later) =>
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(new("declared", EndpointState.Ready), new("later", later)));

    [Theory]
    [InlineData(EndpointState.Loading)]
    [InlineData(EndpointState.Failed)]
    public async Task WarmModels_should_not_be_well_before_a_declared_pool_can_be_called(EndpointState declared) =>
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(new("declared", declared), new("later", EndpointState.Ready)));

    private static async Task<HealthStatus> HealthAsync(params Known[] known)
    {
        var settings = ZeroCopySettings.From("zerocopy.inference.pools.declared.model = declared");
        var models = new WarmModels(new Directory(known), settings, NullLogger<WarmModels>.Instance);
        return (await models.CheckHealthAsync(new HealthCheckContext())).Status;
    }

    private sealed class Directory(Known[] known) : IEndpointDirectory
    {
        public event Action? Changed
        {
            add { }
            remove { }
        }

        public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
            new(known.Single(endpoint => endpoint.Name == name));

        public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) => new([.. known]);
    }

    private sealed class Known(string name, EndpointState state) : IModelEndpoint
    {
        public string Name => name;

        public int? Version => 1;

        public EndpointState State => state;

        public string? LastError => null;

        public Task<ModelSignature> GetSignatureAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ModelAnswer> CallAsync(
            string method, IReadOnlyList<NamedTensor> inputs, CallOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
