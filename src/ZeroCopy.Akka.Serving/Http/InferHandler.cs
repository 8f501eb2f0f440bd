using Microsoft.AspNetCore.Http;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Regions;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary><c>POST …/infer</c>: one call of a model.</summary>
internal sealed class InferHandler(ModelCalls calls, SharedRegions regions, ServingOptions options, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext context)
    {
        var time = new RequestTime(clock);
        using var memory = new RequestMemory();
        await calls.RunAsync(
            context.Request.Name(),
            context.Request.Version(),
            time,
            timeout: null,
            token => InferBody.ReadAsync(context.Request, options, regions, memory, time, token),
            async (request, endpoint, answer) =>
            {
                using (answer)
                {
                    await InferAnswer.SendAsync(context.Response, request, endpoint, answer).ConfigureAwait(false);
                }
            },
            context.RequestAborted).ConfigureAwait(false);
    }
}
