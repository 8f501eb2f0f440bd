using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Serving.Access;

namespace ZeroCopy.Serving.Tests.Access;

/// <summary>The examples of the documents that say who may call, word for word between the markers.</summary>
internal static class AccessExamples
{
    public static void AddKeys(WebApplicationBuilder builder)
    {
        // example: keys
        builder.Services.AddZeroCopyApiKeys(keys => keys.Keys.Add(
            new ApiKey("ci", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", MayManage: true)));
        builder.Services.AddZeroCopyServing(options =>
            (options.CallPolicy, options.ManagePolicy) = (ZeroCopyAccess.CallPolicy, ZeroCopyAccess.ManagePolicy));
        // end
    }

    public static void AddTokens(WebApplicationBuilder builder)
    {
        // example: tokens
        builder.Services.AddAuthentication().AddJwtBearer(token =>
            (token.Authority, token.Audience) = ("https://login.example.org", "models"));
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("callers", policy => policy.RequireAuthenticatedUser())
            .AddPolicy("managers", policy => policy.RequireAssertion(caller =>
                caller.User.FindAll("scope").Any(scopes => scopes.Value.Split(' ').Contains("models.manage"))));
        builder.Services.AddZeroCopyServing(options => (options.CallPolicy, options.ManagePolicy) = ("callers", "managers"));
        // end
    }
}
