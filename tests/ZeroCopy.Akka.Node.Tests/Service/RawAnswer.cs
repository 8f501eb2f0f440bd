using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>The answer to a request that is sent byte for byte as it was recorded.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The JSON of the answer, without the binary tensors behind it.</summary>
    public JsonElement Json() => JsonDocument.Parse(Body.AsMemory(0, JsonLength)).RootElement;

    /// <summary>The binary tensors.</summary>
    public ReadOnlyMemory<byte> Binary => Body.AsMemory(JsonLength);

    private int JsonLength =>
        Headers.TryGetValue("Inference-Header-Content-Length", out var length)
            ? int.Parse(length, CultureInfo.InvariantCulture) : Body.Length;

    /// <summary>Sends a request to a server and reads its answer, whose length is in its header.</summary>
    public static async Task<RawAnswer> SendAsync(Uri server, byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(request);
        using var reader = new BufferedStream(stream);
        var status = Line(reader).Split(' ')[1];
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var line = Line(reader); line.Length > 0; line = Line(reader))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        var body = new byte[int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture)];
        reader.ReadExactly(body);
        return new RawAnswer(int.Parse(status, CultureInfo.InvariantCulture), headers, body);
    }

    private static string Line(BufferedStream reader)
    {
        var line = new StringBuilder();
        int next;
        while ((next = reader.ReadByte()) is not '\n')
        {
            line.Append(next >= 0 ? (char)next : throw new EndOfStreamException("The server closed the connection."));
        }

        return line.ToString().TrimEnd('\r');
    }
}
