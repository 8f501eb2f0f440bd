using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>The columns that are carried over, each in a type that the output has. Thread-safe.</summary>
internal sealed class KeptColumns
{
    private readonly ImmutableArray<ColumnType> _targets;

    private KeptColumns(ImmutableArray<ColumnType> targets) => _targets = targets;

    /// <summary>
    /// Finds the types. Values of files without types go over as they stand where the output has none either; else all rows say what they
    /// are, for which those columns are read once before the job: see <see cref="TypeGuess"/>.
    /// </summary>
    /// <param name="options">The names of the columns, the output, and how many rows count.</param>
    /// <param name="dataset">The dataset, which stays where it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DatasetException">The output's format has nothing that holds a column.</exception>
    public static async Task<KeptColumns> CreateAsync(
        BatchJobOptions options, DatasetReader dataset, CancellationToken cancellationToken)
    {
        var format = DatasetFormats.Of(options.Output);
        var kept = options.Keep.Select(name => dataset.Columns.First(column => column.Name == name)).ToList();
        var guesses = kept.Where(column => column.Kind != ElementKind.Number && !IsCarriedAsItStands(column, format))
            .ToDictionary(column => column.Name, column => new TypeGuess(column.Name), StringComparer.Ordinal);
        if (guesses.Count > 0)
        {
            await SeeAllAsync(guesses, dataset, options.Limit, cancellationToken).ConfigureAwait(false);
        }

        return new KeptColumns(
            [.. kept.Select(column => DatasetFormats.Written(format, guesses.GetValueOrDefault(column.Name)?.Type ?? column))]);
    }

    /// <summary>As an earlier run has found them.</summary>
    public static KeptColumns Of(ImmutableArray<ColumnType> targets) => new(targets);

    /// <summary>The columns of some rows.</summary>
    public IEnumerable<Column> Of(RowChunk rows) => _targets.Select(target => Convert(rows.Find(target.Name)!, target));

    /// <summary>A column in another type.</summary>
    internal static Column Convert(Column column, ColumnType target)
    {
        if (column.Type with { IsNullable = target.IsNullable } == target)
        {
            return column.Typed(target);
        }

        if (target.Kind != ElementKind.Number)
        {
            return ValueTypes.ToText(column).Typed(target);
        }

        if (column.Type.Kind != ElementKind.Number)
        {
            return NumberColumnBuilder.Build(column, target.DType, target.Depth).Typed(target);
        }

        var numbers = column.Numbers().Span;
        var converted = RowMemory.Allocate(
            target.Name, column.Rows, (long)numbers.Length / column.Type.DType.ElementSize() * target.DType.ElementSize());
        _ = NumberConversion.Convert(column.Type.DType, numbers, target.DType, converted);
        return column.WithNumbers(target.DType, converted).Typed(target);
    }

    private static async Task SeeAllAsync(
        Dictionary<string, TypeGuess> guesses, DatasetReader dataset, long? limit, CancellationToken cancellationToken)
    {
        var reader = dataset.Again();
        await using (reader.ConfigureAwait(false))
        {
            reader.Select([.. guesses.Keys]);
            for (var left = limit ?? long.MaxValue; left > 0 && !guesses.Values.All(guess => guess.IsText);)
            {
                if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } chunk)
                {
                    break;
                }

                foreach (var column in chunk.Slice(0, (int)Math.Min(left, chunk.Rows)).Columns)
                {
                    guesses[column.Type.Name].See(column);
                }

                left -= chunk.Rows;
            }
        }
    }

    // Texts of a typed file stay texts; those of CSV become what they look like wherever that can be said.
    private static bool IsCarriedAsItStands(ColumnType column, DatasetFormat format) =>
        (column.Kind == ElementKind.Json && DatasetFormats.Takes(format, ElementKind.Json)) || (column.Kind == ElementKind.Text
            && column.IsTyped)
        || (column.Kind == ElementKind.Text && format is DatasetFormat.Csv or DatasetFormat.Tsv);
}
