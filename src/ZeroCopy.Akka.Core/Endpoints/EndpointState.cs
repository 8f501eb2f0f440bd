namespace ZeroCopy.Endpoints;

/// <summary>Whether a model can be called.</summary>
public enum EndpointState
{
    /// <summary>Being loaded. Calls wait for it, within their deadline.</summary>
    Loading,
    /// <summary>Calls are taken, also where the first one loads the model.</summary>
    Ready,
    /// <summary>It could not be loaded, see <see cref="IModelEndpoint.LastError"/>, or has stopped. Calls fail typed.</summary>
    Failed,
}
