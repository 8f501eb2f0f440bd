using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Access;

/// <summary>Which policy each route has: those of health none, those that change the server or use its memory one of their own.</summary>
internal static class AccessRules
{
    // The end of a path, over HTTP and gRPC: a group of the application may put any prefix in front.
    private static readonly string[] Health =
    [
        "/health/live", "/health/ready", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
        "/inference.GRPCInferenceService/ServerLive", "/inference.GRPCInferenceService/ServerReady",
    ];

    private static readonly string[] Management = ["/v2/repository", "Repository", "sharedmemory", "SharedMemory"];

    /// <summary>Gives every route of a group its policy.</summary>
    public static void AddTo(IEndpointConventionBuilder routes, ServingOptions options) => routes.Add(route =>
    {
        route.Metadata.Add(AccessAnswers.Route.Instance);
        var path = (route as RouteEndpointBuilder)?.RoutePattern.RawText ?? "";
        if (IsHealth(path))
        {
            route.Metadata.Add(new AllowAnonymousAttribute());
        }
        else if ((IsManagement(path) ? options.ManagePolicy ?? options.CallPolicy : options.CallPolicy) is { } policy)
        {
            route.Metadata.Add(new AuthorizeAttribute(policy));
        }
    });

    private static bool IsHealth(string path) => Array.Exists(Health, end => path.EndsWith(end, StringComparison.Ordinal));

    private static bool IsManagement(string path) => Array.Exists(Management, part => path.Contains(part, StringComparison.Ordinal));
}
