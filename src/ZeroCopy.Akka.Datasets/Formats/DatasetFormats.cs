using System.Collections.Immutable;
using ZeroCopy.Datasets.Formats.ArrowFiles;
using ZeroCopy.Datasets.Formats.Csv;
using ZeroCopy.Datasets.Formats.JsonLines;
using ZeroCopy.Datasets.Formats.ParquetFiles;
using ZeroCopy.Datasets.Formats.TensorFiles;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Formats;

/// <summary>Opens files in the format that their extension names.</summary>
public static class DatasetFormats
{
    /// <summary>The extensions, for help and errors.</summary>
    public const string Extensions = ".csv, .tsv, .jsonl, .parquet, .arrow, .arrows, .npy or .safetensors";

    /// <summary>Whether the extension is one of <see cref="Extensions"/> or another name of one.</summary>
    public static bool IsKnown(string path) => Find(path) is not null;

    /// <summary>The format of a file.</summary>
    /// <exception cref="DatasetException">The extension is none that is known.</exception>
    internal static DatasetFormat Of(string path) =>
        Find(path) ?? throw new DatasetException($"'{path}': the extension is not one that is read or written here; use {Extensions}.");

    /// <summary>Opens a file at its first row.</summary>
    /// <exception cref="DatasetException">It is not what its extension says.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    internal static async ValueTask<IRowReader> OpenReaderAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        }

        return await OpenReaderAsync(Of(path), path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a file of a format at its first row, whatever it is called.</summary>
    /// <exception cref="DatasetException">It is not of the format.</exception>
    internal static async ValueTask<IRowReader> OpenReaderAsync(DatasetFormat format, string path, CancellationToken cancellationToken) =>
        format switch
        {
            DatasetFormat.Csv or DatasetFormat.Tsv => CsvReader.Open(path),
            DatasetFormat.JsonLines => JsonLinesReader.Open(path),
            DatasetFormat.Parquet => ParquetFileReader.Open(path),
            DatasetFormat.Arrow or DatasetFormat.ArrowStream => await ArrowReader.OpenAsync(path, cancellationToken).ConfigureAwait(false),
            DatasetFormat.Npy => TensorRowsReader.OpenNpy(path),
            _ => TensorRowsReader.OpenSafetensors(path),
        };

    /// <summary>Opens a work file at its end, or makes it.</summary>
    /// <param name="format">What it becomes.</param>
    /// <param name="path">The work file.</param>
    /// <param name="columns">The columns that are written, each in a type that <see cref="Written"/> has returned.</param>
    internal static IRowWriter OpenWriter(DatasetFormat format, string path, ImmutableArray<ColumnType> columns) => format switch
    {
        DatasetFormat.Csv => new CsvWriter(path, ',', columns),
        DatasetFormat.Tsv => new CsvWriter(path, '\t', columns),
        DatasetFormat.JsonLines => new JsonLinesWriter(path),
        DatasetFormat.Parquet => new ParquetFileWriter(path, columns),
        DatasetFormat.Arrow => new ArrowWriter(path, columns, asStream: false),
        DatasetFormat.ArrowStream => new ArrowWriter(path, columns, asStream: true),
        _ => new TensorRowsWriter(path, columns, format == DatasetFormat.Npy),
    };

    /// <summary>The type that a column has in a file of a format: the same, or a wider one where the format has none like it.</summary>
    /// <exception cref="DatasetException">The format has nothing that holds it.</exception>
    internal static ColumnType Written(DatasetFormat format, ColumnType column)
    {
        if (column.Meaning is { } meaning && format is not DatasetFormat.Npy and not DatasetFormat.Safetensors)
        {
            return format is DatasetFormat.Arrow or DatasetFormat.ArrowStream ? column
                : format is not DatasetFormat.Parquet ? column with { Meaning = null }
                : ParquetColumn.Takes(meaning) ? column : throw Refused("no such values here; write .arrow");
        }

        if (format is DatasetFormat.Npy or DatasetFormat.Safetensors)
        {
            return column.Kind == ElementKind.Number ? column : throw Refused("numbers alone");
        }

        if (column.Kind != ElementKind.Number || NumberConversion.IsSupported(column.DType))
        {
            return column.DType == DType.BFloat16 || (column.DType == DType.Float16 && format == DatasetFormat.Parquet)
                ? column with { DType = DType.Float32 } : column;
        }

        throw Refused("no such numbers; write .safetensors");

        DatasetException Refused(string reason) => new($"Column '{column.Name}' is {column}, and a file of {format} holds {reason}.");
    }

    /// <summary>Whether a file of a format holds values as the kind of text that they were read as.</summary>
    internal static bool Takes(DatasetFormat format, ElementKind kind) => kind switch
    {
        ElementKind.Json => format is DatasetFormat.JsonLines or DatasetFormat.Csv or DatasetFormat.Tsv,
        ElementKind.Text => format is not DatasetFormat.Npy and not DatasetFormat.Safetensors,
        _ => true,
    };

    private static DatasetFormat? Find(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => DatasetFormat.Csv,
        ".tsv" => DatasetFormat.Tsv,
        ".jsonl" or ".ndjson" => DatasetFormat.JsonLines,
        ".parquet" or ".pq" => DatasetFormat.Parquet,
        ".arrow" or ".feather" or ".ipc" => DatasetFormat.Arrow,
        ".arrows" => DatasetFormat.ArrowStream,
        ".npy" => DatasetFormat.Npy,
        ".safetensors" => DatasetFormat.Safetensors,
        _ => null,
    };
}
