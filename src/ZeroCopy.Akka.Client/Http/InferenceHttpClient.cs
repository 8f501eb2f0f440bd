using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Timeout;
using ZeroCopy.Client.Memory;
using ZeroCopy.Client.Metadata;
using ZeroCopy.Client.SharedMemory;

namespace ZeroCopy.Client.Http;

/// <summary>
/// A server of the Open Inference Protocol, version 2, over HTTP: ZeroCopy.Akka, Triton, KServe and others. Tensors go and come as binary
/// where the server can (<see cref="InferenceClientOptions.BinaryTensors"/>). Thread-safe.
/// </summary>
public sealed class InferenceHttpClient : IInferenceClient, IDisposable
{
    /// <summary>
    /// Says of a request whether it may be sent again where nobody knows if it was carried out: what handlers of the
    /// <see cref="HttpClient"/> that try again go by. Requests without it, which ask for health, are not to be sent again at all.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> IsIdempotent = new("ZeroCopy.Client.IsIdempotent");

    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly HttpClient _http;
    private readonly Uri _root;
    private readonly InferenceClientOptions _options;
    private readonly bool _isOwner;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="address">Where the server is, such as <c>http://localhost:8080</c>; a path is a prefix.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The address is not absolute.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is zero or less.</exception>
    public InferenceHttpClient(Uri address, InferenceClientOptions? options = null)
        : this(
            new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = Connections.Lifetime })
            {
                BaseAddress = address,
                Timeout = Timeout.InfiniteTimeSpan,
            },
            options) => _isOwner = true;

    /// <summary>A client over an <see cref="HttpClient"/>, whose headers, handlers and time limit count too.</summary>
    /// <param name="http">With the server's address as <see cref="HttpClient.BaseAddress"/>. It stays the caller's.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The <see cref="HttpClient"/> has no address.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is zero or less.</exception>
    public InferenceHttpClient(HttpClient http, InferenceClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        var address = http.BaseAddress ?? throw new ArgumentException("The client has no BaseAddress.", nameof(http));
        _http = http;
        _root = address.AbsolutePath.EndsWith('/') ? address : new UriBuilder(address) { Path = address.AbsolutePath + "/" }.Uri;
        _options = (options ?? new InferenceClientOptions()).Checked();
    }

    /// <inheritdoc/>
    public Task<InferResult> InferAsync(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var content = new InferContent(request, _options.BinaryTensors);
        var message = Message(HttpMethod.Post, ModelPath.Of(request.Model, request.ModelVersion, "/infer"), request.IsIdempotent);
        message.Content = content;
        if (content.JsonLength is { } length)
        {
            message.Headers.TryAddWithoutValidation(AnswerBody.JsonLengthHeader, $"{length}");
        }

        return SendAsync(
            message, request.Timeout ?? _options.Timeout,
            (response, token) => InferResultReader.ReadAsync(response, request, _options.MaxAnswerBytes, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> IsServerLiveAsync(CancellationToken cancellationToken = default) => IsAsync("v2/health/live", cancellationToken);

    /// <inheritdoc/>
    public Task<bool> IsServerReadyAsync(CancellationToken cancellationToken = default) => IsAsync("v2/health/ready", cancellationToken);

    /// <inheritdoc/>
    public Task<bool> IsModelReadyAsync(string model, string? version = null, CancellationToken cancellationToken = default) =>
        IsAsync(ModelPath.Of(model, version, "/ready"), cancellationToken);

    /// <inheritdoc/>
    public Task<ServerMetadata> GetServerMetadataAsync(CancellationToken cancellationToken = default) =>
        GetAsync("v2", MetadataReader.Server, cancellationToken);

    /// <inheritdoc/>
    public Task<ModelMetadata> GetModelMetadataAsync(
        string model, string? version = null, CancellationToken cancellationToken = default) =>
        GetAsync(ModelPath.Of(model, version), MetadataReader.Model, cancellationToken);

    /// <inheritdoc/>
    public Task<JsonElement> GetModelConfigurationAsync(
        string model, string? version = null, CancellationToken cancellationToken = default) =>
        GetAsync(ModelPath.Of(model, version, "/config"), static answer => answer.Value.Clone(), cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<ModelStatistics>> GetModelStatisticsAsync(
        string? model = null, string? version = null, CancellationToken cancellationToken = default) =>
        GetAsync(
            model is null ? "v2/models/stats" : ModelPath.Of(model, version, "/stats"), MetadataReader.Statistics, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<RepositoryModel>> GetRepositoryIndexAsync(
        bool readyOnly = false, CancellationToken cancellationToken = default)
    {
        var message = Message(HttpMethod.Post, "v2/repository/index", isIdempotent: true);
        message.Content = Json(readyOnly ? "{\"ready\":true}" : "{}");
        return SendAsync(message, MetadataReader.Index, cancellationToken);
    }

    /// <inheritdoc/>
    public Task LoadModelAsync(string model, CancellationToken cancellationToken = default) =>
        ChangeAsync($"v2/repository/models/{ModelPath.Segment(model)}/load", "{}", cancellationToken);

    /// <inheritdoc/>
    public Task UnloadModelAsync(string model, CancellationToken cancellationToken = default) =>
        ChangeAsync($"v2/repository/models/{ModelPath.Segment(model)}/unload", "{}", cancellationToken);

    /// <inheritdoc/>
    public Task RegisterSharedMemoryAsync(SharedMemoryRegion region, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(region);
        // A server refuses a region that it has: sent again, what has succeeded would seem to have failed.
        return ChangeAsync(
            RegionPath(region.Name, "register"), $$"""{"key":"{{region.Key}}","offset":0,"byte_size":{{region.ByteSize}}}""",
            cancellationToken, isIdempotent: false);
    }

    /// <inheritdoc/>
    public Task UnregisterSharedMemoryAsync(string? region = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(RegionPath(region, "unregister"), "{}", cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<SharedMemoryStatus>> GetSharedMemoryStatusAsync(
        string? region = null, CancellationToken cancellationToken = default) =>
        GetAsync(RegionPath(region, "status"), MetadataReader.Regions, cancellationToken);

    /// <summary>Closes the connections, where they are its own.</summary>
    public void Dispose()
    {
        if (_isOwner)
        {
            _http.Dispose();
        }
    }

    private static ByteArrayContent Json(string json)
    {
        var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static string RegionPath(string? region, string action) => region is null
        ? $"v2/systemsharedmemory/{action}" : $"v2/systemsharedmemory/region/{ModelPath.Segment(region)}/{action}";

    private Task<bool> ChangeAsync(string path, string body, CancellationToken cancellationToken, bool isIdempotent = true)
    {
        var message = Message(HttpMethod.Post, path, isIdempotent);
        message.Content = Json(body);
        return SendAsync(message, _options.Timeout, static (_, _) => Task.FromResult(true), cancellationToken);
    }

    private async Task<bool> IsAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(
                Message(HttpMethod.Get, path), _options.Timeout, static (_, _) => Task.FromResult(true),
                cancellationToken).ConfigureAwait(false);
        }
        catch (InferenceServerException e) when (e.IsTransient || e.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
        {
            return false;
        }
    }

    private Task<T> GetAsync<T>(string path, Func<AnswerField, T> read, CancellationToken cancellationToken) =>
        SendAsync(Message(HttpMethod.Get, path, isIdempotent: true), read, cancellationToken);

    private Task<T> SendAsync<T>(HttpRequestMessage message, Func<AnswerField, T> read, CancellationToken cancellationToken) => SendAsync(
        message, _options.Timeout, async (response, token) =>
        {
            using var memory = new RentedMemory();
            var body = await AnswerBody.OpenAsync(response, _options.MaxAnswerBytes, token).ConfigureAwait(false);
            using var json = await body.ReadJsonAsync(null, memory, token).ConfigureAwait(false);
            return read(new AnswerField(json.RootElement, AnswerPlace.Answer));
        }, cancellationToken);

    private HttpRequestMessage Message(HttpMethod method, string path, bool? isIdempotent = null)
    {
        var message = new HttpRequestMessage(method, new Uri(_root, path))
        {
            Version = _http.DefaultRequestVersion,
            VersionPolicy = _http.DefaultVersionPolicy,
        };
        if (isIdempotent is { } known)
        {
            message.Options.Set(IsIdempotent, known);
        }

        return message;
    }

    private async Task<T> SendAsync<T>(
        HttpRequestMessage message, TimeSpan timeout, Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        using var sent = message;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (timeout > TimeSpan.Zero && timeout <= LongestTimer)
            {
                deadline.CancelAfter(timeout);
            }
            else if (timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            {
                throw new OperationCanceledException("The time has passed already.");
            }

            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, deadline.Token)
                .ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? await read(response, deadline.Token).ConfigureAwait(false)
                : throw await ServerFailure.ReadAsync(response, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not InferenceServerException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutRejectedException || deadline.IsCancellationRequested)
        {
            throw e as InferenceServerException ?? new InferenceServerException(
                InferenceError.DeadlineExceeded, $"{message.RequestUri} did not answer within {timeout.TotalSeconds:0.###} s.", e);
        }
        catch (HttpRequestException e)
        {
            throw new InferenceServerException(InferenceError.Unreachable, $"{message.RequestUri} cannot be called: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new InferenceServerException(
                InferenceError.Unreachable, $"The answer of {message.RequestUri} broke off: {e.Message}", e);
        }
        catch (InvalidDataException e)
        {
            throw InferenceServerException.NotProtocol("it cannot be decompressed", e);
        }
        catch (ExecutionRejectedException e)
        {
            throw new InferenceServerException(
                InferenceError.Unavailable, $"{message.RequestUri} was not called: {e.Message}", e);
        }
    }
}
