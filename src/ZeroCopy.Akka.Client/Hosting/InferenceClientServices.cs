using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using ZeroCopy.Client.Http;

namespace ZeroCopy.Client.Hosting;

/// <summary>Clients in an application's services.</summary>
public static class InferenceClientServices
{
    private const string Name = "ZeroCopy.Client";

    /// <summary>Adds an <see cref="InferenceHttpClient"/>, as <see cref="IInferenceClient"/> too.</summary>
    /// <remarks>
    /// Calls are made again up to three times, after what the server's <c>Retry-After</c> says or after 0.2 s, 0.4 s, 0.8 s with jitter,
    /// all within <see cref="InferenceClientOptions.Timeout"/>: when there was no connection, when the server has too many calls (429),
    /// and, unless <see cref="InferRequest.IsIdempotent"/> is false, when it is not ready (503) or the connection broke. Questions
    /// whether a server or a model is ready are never asked again. Connections are renewed every five minutes, so that changes of DNS are
    /// noticed also by a client that lives as long as the application.
    /// </remarks>
    /// <param name="services">The application's services.</param>
    /// <param name="address">Where the server is, such as <c>http://localhost:8080</c>; a path is a prefix.</param>
    /// <param name="configure">Sets options; null for the defaults.</param>
    /// <returns>What configures the <see cref="HttpClient"/> further: headers, certificates, handlers.</returns>
    /// <exception cref="UriFormatException">The address is not absolute.</exception>
    /// <exception cref="InvalidOperationException">
    /// The services have such a client already: one of a second server is made where it is used.
    /// </exception>
    public static IHttpClientBuilder AddZeroCopyInferenceClient(
        this IServiceCollection services, string address, Action<InferenceClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var uri = new Uri(address, UriKind.Absolute);
        var options = new InferenceClientOptions();
        configure?.Invoke(options);
        options.Checked();
        if (services.Select(static service => service.ImplementationInstance).OfType<Server>().FirstOrDefault() is { } known)
        {
            throw new InvalidOperationException(
                $"The services have an inference client of {known.Address} already, and would use it as that of {uri}, too: make a further "
                + $"one where it is used, with new {nameof(InferenceHttpClient)}(address).");
        }

        services.AddSingleton(new Server(uri));
        services.AddTransient<IInferenceClient>(static provider => provider.GetRequiredService<InferenceHttpClient>());
        var builder = services.AddHttpClient(Name, http => (http.BaseAddress, http.Timeout) = (uri, Timeout.InfiniteTimeSpan))
            .AddTypedClient((http, _) => new InferenceHttpClient(http, options))
            .UseSocketsHttpHandler(static (handler, _) => handler.PooledConnectionLifetime = Connections.Lifetime)
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
        builder.AddResilienceHandler(Name, static pipeline => pipeline.AddRetry(new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = static arguments => new ValueTask<bool>(
                Retries.IsDue(arguments.Context.GetRequestMessage(), arguments.Outcome.Result, arguments.Outcome.Exception)),
        }));
        return builder;
    }

    /// <summary>The server whose client the services have.</summary>
    private sealed record Server(Uri Address);
}
