namespace ZeroCopy.Datasets.Rows;

/// <summary>What the elements of a column are.</summary>
internal enum ElementKind
{
    /// <summary>Numbers of one element type.</summary>
    Number,
    /// <summary>UTF-8 texts.</summary>
    Text,
    /// <summary>JSON values as they stand in their file.</summary>
    Json,
}
