namespace ZeroCopy.Node.Predict;

/// <summary>The tensors of the input do not fit the method that is called.</summary>
internal sealed class InputMismatchException(string message, Exception? inner = null) : Exception(message, inner);
