namespace ZeroCopy.Pipelines;

/// <summary>One place of an object graph that holds a module, a tensor or a plain value.</summary>
/// <param name="Path">
/// Names from the root to the place, such as <c>Encoder</c>, <c>Stages[0]</c> or <c>Heads["digits"].Model</c>; empty for the root itself.
/// </param>
/// <param name="DeclaredType">What the place may hold: the type of the field or of the collection's elements.</param>
/// <param name="Value">What it holds.</param>
/// <param name="Set">Puts another value there, through all value types on the way.</param>
internal sealed record PipelineSlot(string Path, Type DeclaredType, object? Value, Action<object?> Set);
