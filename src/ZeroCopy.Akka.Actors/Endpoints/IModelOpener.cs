using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>Builds models of the store in this process: what the directory needs of the tensor library. Thread-safe.</summary>
internal interface IModelOpener
{
    /// <summary>Keys of the registered model types that this process can build, beside every script.</summary>
    IReadOnlyCollection<string> ModelTypes { get; }

    /// <summary>Whether this process has what it takes to build the model. Does not wait for others that hold the store's lock.</summary>
    /// <exception cref="Errors.StoreUnavailableException">They do, and nobody has asked for this model before.</exception>
    /// <exception cref="Errors.ZeroCopyException">The model is not in the store, or its manifest cannot be read.</exception>
    bool CanOpen(ModelHandle model);

    /// <summary>Opens a model, which loads with its first instance.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where its instances run.</param>
    /// <exception cref="Errors.ZeroCopyException">The model is gone, or nothing here can build it.</exception>
    IOpenedModel Open(ModelHandle model, string device);

    /// <summary>Gives memory that instances have left behind back to the operating system.</summary>
    void ReleaseMemory();
}
