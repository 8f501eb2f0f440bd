using Microsoft.Extensions.DependencyInjection;

namespace ZeroCopy.Serving.Access;

/// <summary>Who may do what with a server of models.</summary>
public static class ZeroCopyAccess
{
    /// <summary>Name of the authentication scheme of keys.</summary>
    public const string ApiKeyScheme = "ApiKey";

    /// <summary>Name of the policy of those who may call models and see how they do.</summary>
    public const string CallPolicy = "zerocopy.call";

    /// <summary>Name of the policy of those who may see and change which models a server has, and use its shared memory.</summary>
    public const string ManagePolicy = "zerocopy.manage";

    /// <summary>The role of those who may manage.</summary>
    public const string ManagerRole = "zerocopy.manager";

    /// <summary>
    /// Knows callers by keys, and adds the policies: <see cref="CallPolicy"/> for every key, <see cref="ManagePolicy"/> for those that may
    /// manage. <c>MapZeroCopyInference</c> asks for them where <see cref="Settings.ServingOptions.CallPolicy"/> and
    /// <see cref="Settings.ServingOptions.ManagePolicy"/> name them.
    /// </summary>
    /// <param name="services">The services of a web application.</param>
    /// <param name="configure">Adds the keys.</param>
    public static IServiceCollection AddZeroCopyApiKeys(this IServiceCollection services, Action<ApiKeyOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddAuthentication(ApiKeyScheme).AddScheme<ApiKeyOptions, ApiKeyHandler>(ApiKeyScheme, configure);
        services.AddAuthorizationBuilder()
            .AddPolicy(CallPolicy, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(ManagePolicy, policy => policy.RequireRole(ManagerRole));
        return services;
    }
}
