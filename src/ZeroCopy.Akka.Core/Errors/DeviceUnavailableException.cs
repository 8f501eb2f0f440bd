namespace ZeroCopy.Errors;

/// <summary>The requested device does not exist in this process, or libtorch was built without it.</summary>
public sealed class DeviceUnavailableException(string message, Exception? inner = null) : ZeroCopyException(message, inner);
