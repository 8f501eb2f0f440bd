using ZeroCopy.Endpoints;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// A model that was opened for one pool. Disposing it ends the model's lease when no other has it open and the last instance is returned.
/// </summary>
internal interface IOpenedModel : IDisposable
{
    /// <summary>Instances of the model.</summary>
    IInstanceSource Source { get; }

    /// <summary>Calls of its methods.</summary>
    ICallBinder Binder { get; }
}
