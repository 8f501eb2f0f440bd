using System.Text;

namespace ZeroCopy.Node.Cli;

/// <summary>Standard output or standard error, which may be closed or full.</summary>
/// <param name="inner">Writes to it.</param>
/// <param name="onFailure">Told of each write that fails.</param>
internal sealed class ConsoleWriter(TextWriter inner, Action<Exception> onFailure) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => inner.Write(value));

    // In one piece, whoever else writes lines.
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override void Flush() => Try(inner.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            onFailure(e);
        }
    }
}
