using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Clustering.Transfer;

namespace ZeroCopy.Bench.Suites.Transfer;

/// <summary>
/// What a program without the product would do: sockets, as many as a transfer has, that copy bytes into a file and hash them piece by
/// piece; nothing is read ahead.
/// </summary>
internal static class SocketCopy
{
    public const string Name = "sockets into a file, hashed";

    /// <summary>Copies pieces into a file that is deleted afterwards, and tells how long it took.</summary>
    public static async Task<TimeSpan> RunAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> pieces, ScratchDirectory directory, CancellationToken cancellationToken)
    {
        var path = directory.Path("baseline.bin");
        var start = Stopwatch.GetTimestamp();
        await RunAsync(pieces, path, cancellationToken).ConfigureAwait(false);
        var time = Stopwatch.GetElapsedTime(start);
        File.Delete(path);
        return time;
    }

    /// <summary>Copies pieces into a file.</summary>
    public static async Task RunAsync(IReadOnlyList<ReadOnlyMemory<byte>> pieces, string path, CancellationToken cancellationToken)
    {
        var connections = new TransferOptions().RequestsPerSource;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var offset = 0L;
        var runs = new List<Task>();
        foreach (var share in pieces.Chunk((pieces.Count + connections - 1) / connections))
        {
            var receiver = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await receiver.ConnectAsync(listener.LocalEndpoint, cancellationToken).ConfigureAwait(false);
            var sender = await listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
            var place = offset;
            runs.Add(Task.Run(() => SendAsync(sender, share, cancellationToken), cancellationToken));
            runs.Add(Task.Run(
                () => StoreAsync(receiver, file, place, [.. share.Select(piece => piece.Length)], cancellationToken), cancellationToken));
            offset += share.Sum(piece => (long)piece.Length);
        }

        await Task.WhenAll(runs).ConfigureAwait(false);
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte>[] pieces, CancellationToken cancellationToken)
    {
        using var _ = socket;
        foreach (var piece in pieces)
        {
            for (var offset = 0; offset < piece.Length;)
            {
                offset += await socket.SendAsync(piece[offset..], cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task StoreAsync(
        Socket socket, SafeFileHandle file, long place, int[] lengths, CancellationToken cancellationToken)
    {
        using var _ = socket;
        var buffer = new byte[256 << 10];
        foreach (var length in lengths)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (var offset = 0; offset < length;)
            {
                var wanted = buffer.AsMemory(0, Math.Min(buffer.Length, length - offset));
                var read = await socket.ReceiveAsync(wanted, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new IOException("The sender ended before the last byte.");
                }

                RandomAccess.Write(file, wanted.Span[..read], place + offset);
                hash.AppendData(wanted.Span[..read]);
                offset += read;
            }

            place += length;
            hash.GetHashAndReset();
        }
    }
}
