namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>A parameter of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The source text of its type; null where none is given.</param>
/// <param name="DefaultText">The source text of its default; null where it has none.</param>
/// <param name="Default">Its default.</param>
internal sealed record DeclaredParameter(string Name, string? Type, string? DefaultText, Expression? Default);
