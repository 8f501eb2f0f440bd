using System.Text.Json;

namespace ZeroCopy.Node.Service;

/// <summary>Tells standard output of each change of a node's state: JSON, one line each, or words for people.</summary>
internal sealed class NodeEvents(TextWriter output, bool json)
{
    /// <summary>Calls are taken.</summary>
    /// <param name="address">Where other nodes reach it.</param>
    /// <param name="http">Where HTTP clients do.</param>
    /// <param name="grpc">Where gRPC clients do; null for nowhere.</param>
    public void Ready(string address, string http, string? grpc)
    {
        if (grpc is null)
        {
            Write(new { @event = "ready", address, http }, $"ready: {address}, {http}");
        }
        else
        {
            Write(new { @event = "ready", address, http, grpc }, $"ready: {address}, {http}, gRPC at {grpc}");
        }
    }

    /// <summary>No further calls are wanted.</summary>
    public void Draining() => Write(new { @event = "draining" }, "draining");

    /// <summary>Nothing runs any more.</summary>
    public void Stopped() => Write(new { @event = "stopped" }, "stopped");

    private void Write<T>(T line, string words)
    {
        output.WriteLine(json ? JsonSerializer.Serialize(line) : words);
        output.Flush();
    }
}
