using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Runtime;

namespace ZeroCopy.Benchmarks.Actors;

/// <summary>A model that does nothing and is always warm: what is left of a call is the product's own.</summary>
internal sealed class EmptySource : IInstanceSource, IModelInstance
{
    public string Name => "empty";

    public object Target => this;

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        instance = this;
        return true;
    }

    public ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default) => new(this);

    public object? Run(ModelFunction function, object? argument) => function(this, argument);

    public void Dispose()
    {
    }
}
