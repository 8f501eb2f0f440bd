using System.Globalization;
using System.Text.Json.Nodes;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Batch;

/// <summary>What a job did, or would do, on standard output.</summary>
internal static class BatchSummary
{
    public static void Print(CommandContext context, BatchReport report)
    {
        if (context.Json)
        {
            context.PrintJson(new { report.Rows, report.Failed, report.Seconds, report.RowsPerSecond, report.ResumedAt, report.Output });
        }
        else
        {
            var resumed = report.ResumedAt == 0 ? ""
                : report.ResumedAt == report.Rows + report.Failed ? ", all done before"
                : string.Create(CultureInfo.InvariantCulture, $", gone on with at row {report.ResumedAt:N0}");
            context.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{PlainText.Of(report.Output)}  {report.Rows:N0} rows, {report.Seconds:N1} s, {report.RowsPerSecond:N0} rows/s{resumed}"));
        }

        if (report.FailedFile is { } file)
        {
            context.Error.WriteLine(
                $"zerocopy: {report.Failed} row{(report.Failed == 1 ? "" : "s")} failed; '{PlainText.Of(file)}' lists them with their "
                + $"reasons.");
        }
    }

    public static void Print(CommandContext context, BatchPreview preview)
    {
        if (context.Json)
        {
            var rows = preview.Rows.Select(row => JsonNode.Parse(row));
            context.PrintJson(new { preview.Bindings, preview.Columns, rows, preview.Failed, preview.Failures });
        }
        else
        {
            foreach (var line in preview.Bindings.Append($"output: {string.Join(", ", preview.Columns)}").Concat(preview.Rows))
            {
                context.Output.WriteLine(PlainText.Of(line));
            }

            foreach (var failure in preview.Failures)
            {
                context.Error.WriteLine($"zerocopy: {PlainText.Of(failure)}");
            }
        }

        if (preview.Failed > 0)
        {
            context.Error.WriteLine($"zerocopy: {preview.Failed} row{(preview.Failed == 1 ? "" : "s")} of the first batch failed.");
        }
    }
}
