namespace ZeroCopy.Node.TensorFiles;

/// <summary>A file of tensors cannot be read or written; the message names the file, the reason and what to do.</summary>
internal sealed class TensorFileException(string path, string reason, Exception? inner = null) : Exception($"'{path}': {reason}", inner);
