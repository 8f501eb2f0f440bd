using System.Globalization;
using DuckDB.NET.Data;

namespace ZeroCopy.Datasets.Tests.Formats;

/// <summary>Another program that reads and writes files of rows.</summary>
internal static class DuckDb
{
    /// <summary>The one value that a statement returns.</summary>
    public static string? Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
