using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ZeroCopy.Datasets.Rows;

namespace ZeroCopy.Datasets.Journal;

/// <summary>A line of the journal: one of its members.</summary>
internal sealed record JournalLine
{
    /// <summary>Of the first line: what the job is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<KeyValuePair<string, string>>? Job { get; init; }

    /// <summary>The output's columns, before its first part.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<ColumnType>? Columns { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JournalPart? Part { get; init; }

    /// <summary>How many of the parts before count; the others do not any more.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Keep { get; init; }

    /// <summary>Of the last line: all rows are done, and this file of the job's folder, of so many bytes, becomes the output.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FinishedFile? Finished { get; init; }
}
