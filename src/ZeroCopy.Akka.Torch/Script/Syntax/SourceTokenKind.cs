namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>What a token of source text is.</summary>
internal enum SourceTokenKind
{
    /// <summary>A name or a word of the language.</summary>
    Name,
    /// <summary>A number.</summary>
    Number,
    /// <summary>A text, with its quotes.</summary>
    Text,
    /// <summary>An operator, a bracket, a comma.</summary>
    Symbol,
    /// <summary>The end of a statement.</summary>
    NewLine,
    /// <summary>A block begins.</summary>
    Indent,
    /// <summary>A block ends.</summary>
    Dedent,
    /// <summary>The end of the file.</summary>
    End,
}
