using System.Collections.Immutable;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Binding;

/// <summary>What one input of the model gets.</summary>
/// <param name="Name">Name of the input, or of a part of it.</param>
/// <param name="Signature">The input.</param>
/// <param name="Columns">The columns, in the order in which they are stacked.</param>
/// <param name="DType">Element type of the tensor; without meaning for texts.</param>
/// <param name="IsText">Whether it gets texts, one a row.</param>
/// <param name="Padding">The number that fills rows up; null where all are of one length.</param>
/// <param name="Mask">Name of the input that gets the mask of the padding; null where none does.</param>
/// <param name="MaskDType">Element type of the mask.</param>
internal sealed record InputBinding(
    string Name, ValueSignature Signature, ImmutableArray<ColumnType> Columns, DType DType, bool IsText, double? Padding, string? Mask,
    DType MaskDType)
{
    /// <summary>One line for people: the input, its columns, and what is done to them.</summary>
    public override string ToString()
    {
        var columns = Columns.Length <= 6
            ? string.Join(", ", Columns.Select(column => column.Name))
            : $"{Columns[0].Name}, {Columns[1].Name}, … {Columns[^1].Name} ({Columns.Length} columns)";
        var conversions = Columns.Where(column => !IsText && (column.Kind != ElementKind.Number || column.DType != DType))
            .Select(column => column.Kind == ElementKind.Number ? column.DType.ToToken() : column.Kind == ElementKind.Text
                ? "text" : "JSON")
            .Distinct().ToList();
        var rounds = Columns.Any(column => column.Kind == ElementKind.Number && NumberConversion.Rounds(column.DType, DType));
        return $"{Name} <- {columns}"
            + (IsText ? " (texts)"
                : conversions.Count > 0 ? $" ({string.Join(", ", conversions)} -> {DType.ToToken()}{(rounds ? ", rounded" : "")})"
                : $" ({DType.ToToken()})")
            + (Columns.Length > 1 ? ", stacked" : "")
            + (Padding is { } fill ? $", padded with {fill.ToString(System.Globalization.CultureInfo.InvariantCulture)}" : "")
            + (Mask is not null ? $"; {Mask} <- its mask ({MaskDType.ToToken()})" : "");
    }
}
