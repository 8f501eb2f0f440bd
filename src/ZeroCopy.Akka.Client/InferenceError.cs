namespace ZeroCopy.Client;

/// <summary>Why a call of a server failed.</summary>
public enum InferenceError
{
    /// <summary>The server refused what was asked: HTTP 400, gRPC <c>INVALID_ARGUMENT</c>.</summary>
    InvalidRequest,
    /// <summary>The server does not know the caller, or does not let it: HTTP 401 and 403.</summary>
    Unauthorized,
    /// <summary>There is no such model, version or region: HTTP 404.</summary>
    NotFound,
    /// <summary>The server does not do this: HTTP 405, 415 and 501, gRPC <c>UNIMPLEMENTED</c>.</summary>
    Unsupported,
    /// <summary>The request or the answer is larger than one side takes: HTTP 413.</summary>
    TooLarge,
    /// <summary>The model has more calls than it takes: HTTP 429.</summary>
    Overloaded,
    /// <summary>The model or the server is not ready, or ends: HTTP 502 and 503, gRPC <c>UNAVAILABLE</c>.</summary>
    Unavailable,
    /// <summary>The time for the answer has passed, here or at the server: HTTP 408 and 504.</summary>
    DeadlineExceeded,
    /// <summary>The model or the server failed: HTTP 500.</summary>
    ServerError,
    /// <summary>There is no connection to the server, or it broke.</summary>
    Unreachable,
    /// <summary>What the server answered is not the protocol.</summary>
    InvalidAnswer,
}
