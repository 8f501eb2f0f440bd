using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Models;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Bench.Suites;

/// <summary>
/// Bytes per second from one store to another over loopback, against sockets that copy the same bytes into a file beside it and hash them
/// tensor by tensor: as many connections as the transfer has, nothing read ahead.
/// </summary>
internal sealed class TransferSuite : IBenchSuite
{
    private const int Rounds = 5;
    private const int TensorCount = 256;
    private const int TensorBytes = 4 << 20;
    private const double MiB = (double)TensorCount * TensorBytes / (1 << 20);

    public string Name => "transfer";

    public string Description => "bytes per second from store to store over loopback, against sockets that copy into a file and hash";

    public async Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("bench");
        var tensors = Enumerable.Range(0, TensorCount).Select(index => new RandomTensorSource(index, TensorBytes)).ToArray();
        using var source = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Path("source") });
        progress.Report($"transfer: {Rounds} rounds of {MiB:N0} MiB in {TensorCount} tensors");
        var model = await source.PutAsync(
            new ModelContent { Tensors = tensors, Recipe = new Recipe.Weights("bench", "") }, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var node = Serve(source);
        await using (node.ConfigureAwait(false))
        {
            await node.StartAsync(cancellationToken).ConfigureAwait(false);
            using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            var (value, baseline) = await Interleaved.SampleAsync(
                Rounds,
                () => ReceiveAsync(directory, client, new Uri(node.Urls.Single()), model.Id, cancellationToken),
                () => CopyAsync(directory, tensors, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            return [BenchResult.OfRate("transfer", $"{MiB:N0} MiB", "MiB/s", value, "sockets into a file, hashed", baseline)];
        }
    }

    private static WebApplication Serve(ObjectStore source)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        application.MapZeroCopyTransfer(source);
        return application;
    }

    private static async Task<double> ReceiveAsync(
        ScratchDirectory directory, HttpClient client, Uri node, ModelId model, CancellationToken cancellationToken)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory.Path("target") });
        var start = Stopwatch.GetTimestamp();
        await new ModelTransfer(store, client).ReceiveAsync(model, [node], cancellationToken: cancellationToken).ConfigureAwait(false);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        store.Remove(model);
        return MiB / seconds;
    }

    private static async Task<double> CopyAsync(
        ScratchDirectory directory, RandomTensorSource[] tensors, CancellationToken cancellationToken)
    {
        var connections = new TransferOptions().RequestsPerSource;
        var path = directory.Path("baseline.bin");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var start = Stopwatch.GetTimestamp();
        using (var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            var shares = tensors.Select((tensor, index) => (tensor, index)).Chunk(TensorCount / connections).ToArray();
            await Task.WhenAll(shares.SelectMany(share => new[]
            {
                SendAsync(listener, share, cancellationToken),
                StoreAsync((IPEndPoint)listener.LocalEndpoint, file, share.Length, share[0].index, cancellationToken),
            })).ConfigureAwait(false);
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        File.Delete(path);
        return MiB / seconds;
    }

    private static async Task SendAsync(
        TcpListener listener, (RandomTensorSource Tensor, int Index)[] share, CancellationToken cancellationToken)
    {
        using var socket = await listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (tensor, _) in share)
        {
            for (var offset = 0; offset < TensorBytes;)
            {
                offset += await socket.SendAsync(tensor.Memory[offset..], cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task StoreAsync(IPEndPoint node, SafeFileHandle file, int count, int first, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(node, cancellationToken).ConfigureAwait(false);
        var buffer = new byte[256 << 10];
        for (var tensor = 0; tensor < count; tensor++)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (var offset = 0; offset < TensorBytes;)
            {
                var wanted = buffer.AsMemory(0, Math.Min(buffer.Length, TensorBytes - offset));
                var read = await socket.ReceiveAsync(wanted, cancellationToken).ConfigureAwait(false);
                RandomAccess.Write(file, wanted.Span[..read], ((long)(first + tensor) * TensorBytes) + offset);
                hash.AppendData(wanted.Span[..read]);
                offset += read;
            }

            _ = hash.GetHashAndReset();
        }
    }
}
