using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Clustering.Transfer;
using ZeroCopy.Clustering.Trust;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Transfer;

[Collection(nameof(MappedMemory))]
public sealed class TransferListenerSpecs : IDisposable
{
    private const string Refused = "Transfer: Failed to authenticate HTTPS connection.";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly LeakCheck _leaks = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly LogLines _log = new();
    private readonly ObjectStore _theirs;
    private readonly ObjectStore _ours;

    public TransferListenerSpecs() => (_theirs, _ours) = (Open("theirs"), Open("ours"));

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        _directory.Dispose();
        _leaks.Verify();
    }

    [Fact]
    public async Task TransferListener_should_serve_the_models_of_its_store_where_it_says()
    {
        var model = await PutAsync();
        await using var listener = await StartAsync(new ClusterSettings { Host = "localhost" });
        using var client = new HttpClient();

        Assert.Equal(("http", "localhost"), (listener.Address.Scheme, listener.Address.Host));
        Assert.Equal(model.Bytes, (await new ModelTransfer(_ours, client).ReceiveAsync(model.Id, [listener.Address])).MovedBytes);
    }

    [Fact]
    public async Task TransferListener_should_name_a_port_that_is_taken()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;

        var failure = await Assert.ThrowsAsync<IOException>(
            () => StartAsync(new ClusterSettings { Transfer = new TransferSettings { Port = port } }));

        Assert.Contains($"{port}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TransferListener_should_close_its_port_when_it_is_disposed()
    {
        var listener = await StartAsync(new ClusterSettings());
        await listener.DisposeAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);

        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(listener.Address.Host, listener.Address.Port));
    }

    [Fact]
    public async Task ModelTransfer_should_come_again_to_a_node_that_sends_to_as_many_as_it_may()
    {
        var model = await PutAsync();
        await using var node = await SourceNode.StartAsync(_theirs, (context, number, next) =>
        {
            if (number > 10)
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        using var client = new HttpClient();
        var options = new TransferOptions { RequestsPerSource = 1, Attempts = 2, BusyPause = TimeSpan.FromMilliseconds(1) };

        await new ModelTransfer(_ours, client, options).ReceiveAsync(model.Id, [node.Address]);

        Assert.Equal(11, node.BlockRequests);
    }

    [Fact]
    public void SendLimits_should_refuse_one_answer_more_than_there_may_be_at_a_time()
    {
        var limits = new SendLimits(2, null);

        Assert.Equal((true, true, false), (limits.TryBegin(), limits.TryBegin(), limits.TryBegin()));
        limits.End();
        Assert.Equal((true, false), (limits.TryBegin(), limits.TryBegin()));
    }

    [Fact]
    public async Task TransferListener_should_speak_with_nodes_of_its_authorities_alone()
    {
        using var authority = new TestAuthority(_directory.Path);
        using var strangers = new TestAuthority(_directory.Path);
        using var own = Trust(authority, authority.Give());
        using var friend = Trust(authority, authority.Give());
        using var stranger = Trust(authority, strangers.Give());
        using var expired = Trust(authority, authority.Give(isExpired: true));
        using var doubtful = Trust(strangers, authority.Give());
        var model = await PutAsync();
        await using var listener = await StartAsync(new ClusterSettings(), own);

        Assert.Equal("https", listener.Address.Scheme);
        Assert.Contains("could not be received", await FailAsync(new HttpClient(stranger.CreateHandler())), StringComparison.Ordinal);
        Assert.Contains("could not be received", await FailAsync(new HttpClient(expired.CreateHandler())), StringComparison.Ordinal);
        Assert.Contains("could not be received", await FailAsync(new HttpClient(doubtful.CreateHandler())), StringComparison.Ordinal);
        Assert.Contains("could not be received", await FailAsync(new HttpClient()), StringComparison.Ordinal);
        using var client = new HttpClient(friend.CreateHandler());
        await new ModelTransfer(_ours, client).ReceiveAsync(model.Id, [listener.Address]);
        Assert.Empty((await _ours.VerifyAsync()).Damaged);

        async Task<string> FailAsync(HttpClient refused)
        {
            using var _ = refused;
            var failure = await Assert.ThrowsAsync<TransferException>(
                () => new ModelTransfer(_ours, refused).ReceiveAsync(model.Id, [listener.Address]));
            using var patience = new CancellationTokenSource(Patience);
            Assert.StartsWith(Refused, await _log.NextAsync(patience.Token), StringComparison.Ordinal);
            return failure.Message;
        }
    }

    [Fact]
    public async Task TransferListener_should_not_speak_plainly_where_there_are_certificates()
    {
        using var authority = new TestAuthority(_directory.Path);
        using var own = Trust(authority, authority.Give());
        await using var listener = await StartAsync(new ClusterSettings(), own);
        using var client = new HttpClient();
        var plain = new UriBuilder(listener.Address) { Scheme = "http" }.Uri;

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(plain));

        using var patience = new CancellationTokenSource(Patience);
        Assert.StartsWith(Refused, await _log.NextAsync(patience.Token), StringComparison.Ordinal);
    }

    private Task<TransferListener> StartAsync(ClusterSettings settings, NodeTrust? trust = null) =>
        TransferListener.StartAsync(_theirs, settings, trust, _log);

    private static NodeTrust Trust(TestAuthority believed, (string Certificate, string Key) own) => NodeTrust.Open(
        new TlsSettings { Certificate = own.Certificate, Key = own.Key, Authorities = believed.File })!;

    private Task<ModelHandle> PutAsync() => _theirs.PutAsync(new ModelContent
    {
        Tensors = [ArrayTensorSource.Random("one", 3_000_000, 1), ArrayTensorSource.Random("other", 700, 2)],
        Recipe = new Recipe.Weights("Test", ""),
    });

    private ObjectStore Open(string name) => ObjectStore.Open(
        new ObjectStoreOptions { Directory = _directory.File(name), CapacityBytes = 64 << 20, PutDeadline = TimeSpan.Zero });
}
