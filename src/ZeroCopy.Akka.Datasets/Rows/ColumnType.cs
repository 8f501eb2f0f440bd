using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Rows;

/// <summary>A column of a dataset.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What its elements are.</param>
/// <param name="DType">Element type of numbers; without meaning for others.</param>
/// <param name="Depth">0 where a row is one element, 1 where it is a list of them, 2 for lists of lists, and so on.</param>
/// <param name="IsTyped">Whether the file says that it is of this kind; false for values of files that have texts alone.</param>
/// <param name="IsNullable">Whether rows, or elements of their lists, may be null.</param>
/// <param name="Meaning">What texts stand for that are values of another type in the file; null for texts.</param>
internal sealed record ColumnType(string Name, ElementKind Kind, DType DType = DType.Float32, int Depth = 0, bool IsTyped = true,
    bool IsNullable = false, ValueMeaning? Meaning = null)
{
    /// <summary>A column of texts.</summary>
    public static ColumnType Text(string name, int depth = 0) => new(name, ElementKind.Text, Depth: depth);

    /// <summary>Levels of offsets that a column of this type has: one for each list, and one for the bytes of a text.</summary>
    public int Levels => Depth + (Kind == ElementKind.Number ? 0 : 1);

    /// <summary>For example <c>list of F32</c>.</summary>
    public override string ToString() =>
        string.Concat(Enumerable.Repeat("list of ", Depth))
        + (Kind == ElementKind.Number ? DType.ToToken() : Kind == ElementKind.Text ? Meaning?.ToString() ?? "text" : "JSON");
}
