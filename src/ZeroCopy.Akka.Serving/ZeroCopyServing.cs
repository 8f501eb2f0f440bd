using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Access;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Http;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;
using ZeroCopy.Serving.Rpc;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving;

/// <summary>The Open Inference Protocol in a web application.</summary>
public static class ZeroCopyServing
{
    /// <summary>
    /// Adds what <see cref="MapZeroCopyInference"/> needs: gRPC with its health service and reflection, and a health check with the tag
    /// <c>ready</c> that fails while the application starts or stops.
    /// </summary>
    /// <param name="services">The application's services, which also have the models: an <see cref="IEndpointDirectory"/>.</param>
    /// <param name="configure">The limits; null for those that the application configures as options, or the defaults.</param>
    public static IServiceCollection AddZeroCopyServing(this IServiceCollection services, Action<ServingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ServingOptions>();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<ServingOptions>>().Value.Checked());
        services.TryAddSingleton<Models>();
        services.TryAddSingleton<Calls.ModelStatistics>();
        services.TryAddSingleton<Drain>();
        services.TryAddSingleton<SharedRegions>();
        services.TryAddSingleton<ModelCalls>();
        services.TryAddSingleton<InferenceService>();
        services.TryAddSingleton<InferenceMethods.Provider>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IServiceMethodProvider<InferenceMethods.Provider>, InferenceMethods.Provider>());
        AddHealth(services);
        var answers = services.LastOrDefault(service => service.ServiceType == typeof(IAuthorizationMiddlewareResultHandler));
        if (answers is null || answers.ImplementationType == typeof(AuthorizationMiddlewareResultHandler))
        {
            // An application's own stays.
            services.Replace(ServiceDescriptor.Singleton<IAuthorizationMiddlewareResultHandler, AccessAnswers>());
        }

        services.AddGrpc();
        services.AddGrpcReflection();
        services.AddOptions<GrpcServiceOptions<InferenceMethods.Provider>>().Configure<ServingOptions>((grpc, options) =>
        {
            grpc.MaxReceiveMessageSize = (int)Math.Min(options.MaxBodyBytes, int.MaxValue);
            grpc.Interceptors.Add<RpcBoundary>();
        });
        return services;
    }

    /// <summary>
    /// Serves models by the Open Inference Protocol, version 2: over HTTP <c>/v2/health/live</c>, <c>/v2/health/ready</c>, <c>/v2</c>,
    /// <c>/v2/models/NAME[/versions/VERSION]</c> with <c>/ready</c>, <c>/config</c>, <c>/stats</c> and <c>/infer</c>,
    /// <c>/v2/models/stats</c>, <c>/v2/repository/index</c>, <c>/v2/repository/models/NAME/load</c> and <c>/unload</c>,
    /// <c>/v2/systemsharedmemory</c>, and <c>/health/live</c>, <c>/health/ready</c>; over gRPC, which needs a port that speaks HTTP/2,
    /// <c>inference.GRPCInferenceService</c>, <c>grpc.health.v1.Health</c> and reflection.
    /// </summary>
    /// <remarks>
    /// Ready is the application while it neither starts nor stops and its health checks with the tag <c>ready</c> pass. Limits are
    /// <see cref="ServingOptions"/>, configured as other options of the application are.
    /// </remarks>
    /// <param name="endpoints">Where the routes are added.</param>
    /// <returns>The routes, for conventions such as authorisation.</returns>
    /// <exception cref="InvalidOperationException">
    /// The services lack <see cref="AddZeroCopyServing"/> or an <see cref="IEndpointDirectory"/>.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A limit of the options is zero or less.</exception>
    public static IEndpointConventionBuilder MapZeroCopyInference(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        if (services.GetService<ModelCalls>() is null)
        {
            throw new InvalidOperationException($"The application's services need {nameof(AddZeroCopyServing)}().");
        }

        var routes = endpoints.MapGroup("");
        AccessRules.AddTo(routes, services.GetRequiredService<ServingOptions>());
        var clock = services.GetRequiredService<TimeProvider>();
        MapHttp(routes, services, clock);
        routes.MapGrpcService<InferenceMethods.Provider>().WithMetadata(NoBodyLimit.Instance).Add(method => TimeRequests(method, clock));
        routes.MapGrpcHealthChecksService();
        routes.MapGrpcReflectionService();
        return routes;
    }

    private static void MapHttp(RouteGroupBuilder routes, IServiceProvider services, TimeProvider clock)
    {
        var options = services.GetRequiredService<ServingOptions>();
        var models = services.GetRequiredService<Models>();
        var boundary = new ErrorBoundary(options, services.GetRequiredService<ILoggerFactory>().CreateLogger("ZeroCopy.Serving"));
        var health = new HealthHandler(services.GetRequiredService<HealthCheckService>());
        var model = new ModelHandler(models, services.GetRequiredService<Calls.ModelStatistics>());
        var repository = new RepositoryHandler(models, options);
        var regions = services.GetRequiredService<SharedRegions>();
        var region = new RegionHandler(regions, options);
        var infer = new InferHandler(services.GetRequiredService<ModelCalls>(), regions, options, clock);
        Map(HttpMethods.Get, HealthHandler.LiveAsync, "/v2/health/live", "/health/live");
        Map(HttpMethods.Get, health.ReadyAsync, "/v2/health/ready", "/health/ready");
        Map(HttpMethods.Get, new ServerHandler(options).MetadataAsync, "/v2");
        Map(HttpMethods.Get, model.StatisticsAsync, "/v2/models/stats");
        Map(HttpMethods.Post, repository.IndexAsync, "/v2/repository/index");
        Map(HttpMethods.Post, repository.LoadAsync, "/v2/repository/models/{name}/load");
        Map(HttpMethods.Post, repository.UnloadAsync, "/v2/repository/models/{name}/unload");
        Map(HttpMethods.Get, region.StatusAsync, "/v2/systemsharedmemory/status", "/v2/systemsharedmemory/region/{name}/status");
        Map(HttpMethods.Post, region.RegisterAsync, "/v2/systemsharedmemory/region/{name}/register");
        Map(HttpMethods.Post, region.UnregisterAsync, "/v2/systemsharedmemory/unregister");
        Map(HttpMethods.Post, region.UnregisterAsync, "/v2/systemsharedmemory/region/{name}/unregister");
        MapModel(HttpMethods.Get, model.MetadataAsync, "");
        MapModel(HttpMethods.Get, model.ReadyAsync, "/ready");
        MapModel(HttpMethods.Get, model.ConfigurationAsync, "/config");
        MapModel(HttpMethods.Get, model.StatisticsAsync, "/stats");
        MapModel(HttpMethods.Post, infer.HandleAsync, "/infer");
        // What is under the protocol's path and no request of it is answered as the protocol answers.
        routes.Map("/v2/{**path}", context => boundary.RunAsync(context, context.Request.Method, NothingAsync));

        static Task NothingAsync(HttpContext context) =>
            throw new RequestException(StatusCodes.Status404NotFound, $"There is nothing at {context.Request.Path}.");

        void MapModel(string method, RequestDelegate handler, string action) =>
            Map(method, handler, $"/v2/models/{{name}}{action}", $"/v2/models/{{name}}/versions/{{version}}{action}");

        void Map(string method, RequestDelegate handler, params ReadOnlySpan<string> patterns)
        {
            foreach (var pattern in patterns)
            {
                routes.Map(pattern, (HttpContext context) => boundary.RunAsync(context, method, handler));
            }
        }
    }

    /// <summary>A method begins when its message is read.</summary>
    private static void TimeRequests(EndpointBuilder method, TimeProvider clock)
    {
        var run = method.RequestDelegate!;
        method.RequestDelegate = context =>
        {
            context.Features.Set(new RequestTime(clock));
            return run(context);
        };
    }

    private static void AddHealth(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(Readiness)))
        {
            // Whoever adds twice adds options.
            return;
        }

        services.AddSingleton<Readiness>();
        services.AddHealthChecks().AddCheck<Readiness>("application", tags: [Readiness.Tag]);
        services.AddGrpcHealthChecks(options =>
        {
            foreach (var service in (ReadOnlySpan<string>)["", GRPCInferenceService.Descriptor.FullName])
            {
                options.Services.Map(service, check => check.Tags.Contains(Readiness.Tag));
            }
        });
    }
}
