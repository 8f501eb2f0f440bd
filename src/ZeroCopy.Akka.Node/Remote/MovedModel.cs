using System.Globalization;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Remote;

/// <summary>What came of a push or a pull, as it is printed.</summary>
internal static class MovedModel
{
    public static void Print(CommandContext context, ModelHandle model, long moved, TimeSpan time)
    {
        if (context.Json)
        {
            context.PrintJson(new { Model = model.ToString(), model.Bytes, Moved = moved, Seconds = Math.Round(time.TotalSeconds, 3) });
        }
        else
        {
            var seconds = time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
            context.Output.WriteLine(
                $"{model}  {ByteSize.Text(model.Bytes)}, of which {ByteSize.Text(moved)} moved in {seconds} s  {model.Id}");
        }
    }
}
