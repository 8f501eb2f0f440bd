namespace ZeroCopy.Datasets.Formats;

/// <summary>The kinds of files that datasets are read from and written to.</summary>
internal enum DatasetFormat
{
    /// <summary>Values separated by commas, with a header.</summary>
    Csv,
    /// <summary>Values separated by tabs, with a header.</summary>
    Tsv,
    /// <summary>A JSON object a line.</summary>
    JsonLines,
    /// <summary>Apache Parquet.</summary>
    Parquet,
    /// <summary>Arrow IPC, the file format.</summary>
    Arrow,
    /// <summary>Arrow IPC, the streaming format.</summary>
    ArrowStream,
    /// <summary>One array of NumPy.</summary>
    Npy,
    /// <summary>Tensors whose first dimension counts the rows.</summary>
    Safetensors,
}
