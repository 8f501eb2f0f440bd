using ZeroCopy.Endpoints;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>An endpoint of this node.</summary>
internal interface IServedEndpoint : IModelEndpoint
{
    /// <summary>Whether other processes may call it.</summary>
    bool IsRemote { get; }

    /// <summary>Whether it is a pool that code made, which no other node can have.</summary>
    bool IsOfCode => Model is null;

    /// <summary>The model of the store; null for a pool that code made.</summary>
    ModelHandle? Model { get; }

    /// <summary>Actors that have the model.</summary>
    int ReadyActors { get; }

    /// <summary>Calls that are queued or running.</summary>
    int Pending { get; }
}
