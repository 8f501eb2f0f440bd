using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>Serves the models of a store to the stores of other nodes.</summary>
public static class TransferRoutes
{
    internal const string Root = "/transfer/1/models/";

    /// <summary>A piece is handed to the connection at once; what is larger would wait for memory that others could use.</summary>
    internal const int PieceBytes = 1 << 20;

    /// <summary>
    /// Adds the routes of the transfer. They have no authorisation of their own: map them on a listener that only nodes reach, or require
    /// certificates.
    /// </summary>
    /// <param name="endpoints">Where the routes are added.</param>
    /// <param name="store">The store whose models are served.</param>
    /// <returns>The routes, for conventions such as authorisation.</returns>
    public static IEndpointConventionBuilder MapZeroCopyTransfer(this IEndpointRouteBuilder endpoints, ObjectStore store)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(store);
        return endpoints.MapZeroCopyTransfer(store, new SendLimits(int.MaxValue, null));
    }

    internal static IEndpointConventionBuilder MapZeroCopyTransfer(
        this IEndpointRouteBuilder endpoints, ObjectStore store, SendLimits limits)
    {
        var receivers = new Receivers(TimeProvider.System);
        var routes = endpoints.MapGroup("");
        routes.MapGet($"{Root}{{model}}", context => FoundAsync(context, store, receivers, SendOfferAsync));
        routes.MapGet($"{Root}{{model}}/blocks", context => FoundAsync(context, store, receivers, SendMapAsync));
        routes.MapPost($"{Root}{{model}}/blocks", context => LimitedAsync(context, store, receivers, limits));
        return routes;
    }

    private static async Task LimitedAsync(HttpContext context, ObjectStore store, Receivers receivers, SendLimits limits)
    {
        if (!limits.TryBegin())
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The node sends to as many others as it may: come again.")
                .ConfigureAwait(false);
            return;
        }

        try
        {
            await FoundAsync(context, store, receivers, (asked, model) => SendBlocksAsync(asked, model, limits)).ConfigureAwait(false);
        }
        finally
        {
            limits.End();
        }
    }

    private static async Task FoundAsync(
        HttpContext context, ObjectStore store, Receivers receivers, Func<HttpContext, IServedModel, Task> send)
    {
        if (!ModelId.TryParse(context.Request.RouteValues["model"] as string, out var model))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "A model is asked for by its id, 64 hexadecimal digits.")
                .ConfigureAwait(false);
            return;
        }

        IServedModel served;
        try
        {
            served = store.FindArriving(model) is { } arriving
                ? new UnfinishedModel(arriving)
                : new LeasedModel(store.Acquire(model, $"transfer to {context.Connection.RemoteIpAddress}"));
        }
        catch (ZeroCopyException e)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, e.Message).ConfigureAwait(false);
            return;
        }

        using (served)
        {
            var receiver = Uri.TryCreate(context.Request.Headers[Receivers.Own], UriKind.Absolute, out var node) ? node : null;
            context.Response.Headers[Receivers.Others] = string.Join(',', receivers.Meet(model, receiver).AsEnumerable());
            await send(context, served).ConfigureAwait(false);
        }
    }

    private static Task SendOfferAsync(HttpContext context, IServedModel model) => model is LeasedModel leased
        ? SendAsync(context, "application/json", OfferDocument.Write(leased.ToOffer()))
        : RefuseAsync(context, StatusCodes.Status404NotFound, $"Model {model.Manifest.Id} is on its way here.");

    private static Task SendMapAsync(HttpContext context, IServedModel model) =>
        SendAsync(context, "application/octet-stream", BlockMap.Write(model));

    private static async Task SendAsync(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        await context.Response.BodyWriter.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task SendBlocksAsync(HttpContext context, IServedModel model, SendLimits limits)
    {
        if (context.Request.ContentLength is not { } length || length > BlockRange.MostInRequest * BlockRange.Size)
        {
            await RefuseAsync(
                context,
                StatusCodes.Status413PayloadTooLarge,
                $"A request asks for {BlockRange.MostInRequest} blocks at most, and says its length.")
                .ConfigureAwait(false);
            return;
        }

        var body = new byte[length];
        await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted).ConfigureAwait(false);
        var ranges = BlockRange.Read(body);
        if (ranges.IsEmpty || !ranges.All(range => model.LengthOf(range.Block) is { } end && range.Offset >= 0 && range.Offset <= end))
        {
            await RefuseAsync(
                context, StatusCodes.Status400BadRequest, $"The request asks for what is in no block of model {model.Manifest.Id}.")
                .ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = ranges.Sum(range => model.LengthOf(range.Block) - range.Offset);
        foreach (var range in ranges)
        {
            await SendAsync(context, model, range, limits).ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(HttpContext context, IServedModel model, BlockRange range, SendLimits limits)
    {
        var end = model.LengthOf(range.Block)!.Value;
        for (var offset = range.Offset; offset < end; offset += limits.PieceBytes)
        {
            var bytes = (int)Math.Min(limits.PieceBytes, end - offset);
            await limits.WaitAsync(bytes, context.RequestAborted).ConfigureAwait(false);
            using var piece = model.Read(range.Block, offset, bytes);
            if (piece is null)
            {
                // It has arrived as a whole, or is not coming any more: who asks goes on as with any connection that breaks off.
                context.Abort();
                return;
            }

            await context.Response.BodyWriter.WriteAsync(piece.Memory[..bytes], context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(reason, context.RequestAborted);
    }
}
