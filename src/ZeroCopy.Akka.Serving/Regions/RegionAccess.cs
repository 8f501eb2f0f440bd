using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Regions;

/// <summary>
/// Whose tensors may lie in shared memory: of those who may register it. A call names its regions in its body, so no route tells it from
/// others.
/// </summary>
internal static class RegionAccess
{
    /// <exception cref="RequestException">The caller may not.</exception>
    public static async ValueTask RequireAsync(HttpContext context, ServingOptions options)
    {
        if (options.ManagePolicy is not { } name)
        {
            return;
        }

        var services = context.RequestServices;
        var policy = await services.GetRequiredService<IAuthorizationPolicyProvider>().GetPolicyAsync(name).ConfigureAwait(false)
            ?? throw new InvalidOperationException($"There is no authorisation policy '{name}' ({nameof(ServingOptions.ManagePolicy)}).");
        var evaluator = services.GetRequiredService<IPolicyEvaluator>();
        var caller = await evaluator.AuthenticateAsync(policy, context).ConfigureAwait(false);
        var result = await evaluator.AuthorizeAsync(policy, caller, context, context).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            throw new RequestException(
                result.Challenged ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden,
                "Shared memory is for those who may register it; this caller may call models alone.");
        }
    }
}
