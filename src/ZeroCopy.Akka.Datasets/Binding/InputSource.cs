using System.Collections.Immutable;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Binding;

/// <summary>The columns of one input.</summary>
/// <param name="Input">Name of the input, or of a part of it.</param>
/// <param name="Columns">The columns in their order.</param>
internal sealed record InputSource(string Input, ImmutableArray<ColumnType> Columns);
