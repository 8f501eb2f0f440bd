using System.Collections.Immutable;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Binding;

/// <summary>How the columns of a dataset go to the inputs of a model.</summary>
public sealed record BindingOptions
{
    /// <summary>
    /// <c>COLUMN </c>, <c>COLUMN,COLUMN </c> or <c>INPUT=COLUMN,COLUMN </c>. Several columns of scalars for one input are stacked along a
    /// last dimension. Empty: columns go to the inputs of their names.
    /// </summary>
    public ImmutableArray<string> Columns { get; init; } = [];

    /// <summary>Element types by input, where the model's signature has none or the columns shall be converted to another.</summary>
    public ImmutableSortedDictionary<string, DType> DTypes { get; init; } =
        ImmutableSortedDictionary.Create<string, DType>(StringComparer.Ordinal);

    /// <summary>Inputs whose lists are filled up to the longest of a batch, each with the number that fills it.</summary>
    public ImmutableSortedDictionary<string, double> Padding { get; init; } =
        ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);

    /// <summary>Inputs that get a mask, 1 where an element is one of the row's and 0 where it fills up, each with the padded input it is
    /// of.</summary>
    public ImmutableSortedDictionary<string, string> Masks { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}
