namespace ZeroCopy.Hosting;

/// <summary>Key of the object store's actor in the actor registry.</summary>
public sealed class ObjectStoreKey
{
    private ObjectStoreKey()
    {
    }
}
