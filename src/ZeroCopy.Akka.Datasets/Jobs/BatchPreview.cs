using System.Collections.Immutable;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>What a batch job would do.</summary>
/// <param name="Bindings">For each input of the model the columns that go to it, and what is done to them.</param>
/// <param name="Columns">The output's columns, each with its type.</param>
/// <param name="Rows">The first rows of the output, each as a JSON object.</param>
/// <param name="Failed">Rows of the first batch that would be left out.</param>
/// <param name="Failures">The first of them, each with its file, its number there, and the reason.</param>
public sealed record BatchPreview(
    ImmutableArray<string> Bindings, ImmutableArray<string> Columns, ImmutableArray<string> Rows, int Failed,
    ImmutableArray<string> Failures);
