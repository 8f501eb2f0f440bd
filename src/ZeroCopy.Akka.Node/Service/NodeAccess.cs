using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Serving.Access;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Node.Service;

/// <summary>Who may use a node's HTTP, and the log of who did.</summary>
internal static class NodeAccess
{
    public static void Add(IServiceCollection services, ServingSettings settings)
    {
        if (settings.AccessLog)
        {
            services.AddHttpLogging(logging =>
            {
                logging.CombineLogs = true;
                logging.LoggingFields = HttpLoggingFields.RequestMethod | HttpLoggingFields.RequestPath | HttpLoggingFields.RequestProtocol
                    | HttpLoggingFields.ResponseStatusCode | HttpLoggingFields.Duration;
            });
            services.AddHttpLoggingInterceptor<CallerNames>();
        }

        if (!settings.ApiKeys.IsEmpty)
        {
            services.AddZeroCopyApiKeys(access =>
            {
                foreach (var key in settings.ApiKeys)
                {
                    access.Keys.Add(new ApiKey(key.Name, key.Sha256, key.MayManage));
                }
            });
            services.Configure<ServingOptions>(options =>
                (options.CallPolicy, options.ManagePolicy) = (ZeroCopyAccess.CallPolicy, ZeroCopyAccess.ManagePolicy));
        }
    }

    public static void Use(WebApplication application, ServingSettings settings)
    {
        if (settings.AccessLog)
        {
            application.UseHttpLogging();
            application.Use(FlushAsync);
        }

        if (!settings.ApiKeys.IsEmpty)
        {
            application.UseAuthentication();
            application.UseAuthorization();
        }
    }

    /// <summary>
    /// The middleware that logs stands in for the body of the answer and holds back what nobody flushes, each unary answer of gRPC that is:
    /// the call would end well, without its message.
    /// </summary>
    private static async Task FlushAsync(HttpContext context, RequestDelegate next)
    {
        await next(context).ConfigureAwait(false);
        if (context.Response.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
    }
}
