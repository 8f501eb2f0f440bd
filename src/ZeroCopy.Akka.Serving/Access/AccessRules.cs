using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Access;

/// <summary>Which policy each route has: those of health none, those that change the server or use its memory one of their own.</summary>
internal static class AccessRules
{
    // Over HTTP a path, over gRPC the name of a method.
    private static readonly string[] Health = ["/health/", "/v2/health/", "/grpc.health.", "/inference.GRPCInferenceService/Server"];
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

    private static bool IsHealth(string path) =>
        Array.Exists(Health, prefix => path.StartsWith(prefix, StringComparison.Ordinal))
        && !path.EndsWith("Metadata", StringComparison.Ordinal);

    private static bool IsManagement(string path) => Array.Exists(Management, part => path.Contains(part, StringComparison.Ordinal));
}
