using ZeroCopy.Errors;

namespace ZeroCopy.Node.Service;

/// <summary>A node ended that nobody had told to.</summary>
internal sealed class NodeEndedException(string message) : ZeroCopyException(message);
