using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ZeroCopy.Serving.Calls;

namespace ZeroCopy.Serving.Http;

/// <summary>Whether the server lives, and whether it is ready.</summary>
internal sealed class HealthHandler(HealthCheckService checks)
{
    public static Task LiveAsync(HttpContext context) =>
        JsonAnswer.SendAsync(context.Response, static writer => writer.WriteBoolean("live", true));

    public async Task ReadyAsync(HttpContext context)
    {
        var problem = await Readiness.ProblemAsync(checks, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(
            context.Response, problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, writer =>
            {
                writer.WriteBoolean("ready", problem is null);
                if (problem is not null)
                {
                    writer.WriteString("error", problem);
                }
            }).ConfigureAwait(false);
    }
}
