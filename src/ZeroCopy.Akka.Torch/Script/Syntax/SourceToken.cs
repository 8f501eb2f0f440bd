namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>A token of source text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters.</param>
/// <param name="Start">Where it starts in the file.</param>
/// <param name="Line">Its line, from 1.</param>
internal readonly record struct SourceToken(SourceTokenKind Kind, string Text, int Start, int Line)
{
    /// <summary>The place behind it.</summary>
    public int End => Start + Text.Length;

    public bool Is(string text) => Kind is SourceTokenKind.Name or SourceTokenKind.Symbol && Text == text;
}
