namespace ZeroCopy.Errors;

/// <summary>Why a call was not answered.</summary>
public enum InferenceFailure
{
    /// <summary>The model's code threw: the inner exception says what.</summary>
    ModelError,
    /// <summary>The deadline passed before an answer was there.</summary>
    DeadlineExceeded,
    /// <summary>
    /// The caller of another process cancelled. A caller's own token ends its wait with an <see cref="OperationCanceledException"/>
    /// instead.
    /// </summary>
    Cancelled,
    /// <summary>The queue in front of the model was full.</summary>
    Overloaded,
    /// <summary>The model could not be loaded.</summary>
    LoadFailed,
    /// <summary>The pool or the node is shutting down.</summary>
    ShuttingDown,
    /// <summary>The actor that ran the call crashed.</summary>
    ActorCrashed,
    /// <summary>The input does not fit: kind, shape or type.</summary>
    InvalidInput,
    /// <summary>The node has no pool of that name that takes calls from other processes.</summary>
    PoolNotFound,
    /// <summary>The request or its answer is larger than what crosses the network in one message.</summary>
    MessageTooLarge,
    /// <summary>The node was not found, or was lost before it answered.</summary>
    Unreachable,
    /// <summary>
    /// A pool's function called its own pool, or one whose function calls that pool: they could wait for each other for ever.
    /// </summary>
    CircularCall,
    /// <summary>The model has no method of that name that takes tensors.</summary>
    MethodNotFound,
    /// <summary>Nothing serves a model of that name and version.</summary>
    ModelNotFound,
}
