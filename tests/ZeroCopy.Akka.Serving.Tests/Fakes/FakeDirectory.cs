using System.Collections.Immutable;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>Models by name and version; the last of a name is the current one.</summary>
public sealed class FakeDirectory(params IModelEndpoint[] endpoints) : IEndpointDirectory
{
    public event Action? Changed
    {
        add { }
        remove { }
    }

    public ValueTask<IModelEndpoint?> FindAsync(string name, int? version = null, CancellationToken cancellationToken = default) =>
        new(endpoints.LastOrDefault(endpoint => endpoint.Name == name && (version is null || endpoint.Version == version)));

    public ValueTask<ImmutableArray<IModelEndpoint>> ListAsync(CancellationToken cancellationToken = default) => new([.. endpoints]);
}
