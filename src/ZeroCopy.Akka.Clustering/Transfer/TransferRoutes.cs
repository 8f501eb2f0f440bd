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
        var routes = endpoints.MapGroup("");
        routes.MapGet($"{Root}{{model}}", context => LeasedAsync(context, store, SendOfferAsync));
        routes.MapPost($"{Root}{{model}}/blocks", context => LimitedAsync(context, store, limits));
        return routes;
    }

    private static async Task LimitedAsync(HttpContext context, ObjectStore store, SendLimits limits)
    {
        if (!limits.TryBegin())
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The node sends to as many others as it may: come again.")
                .ConfigureAwait(false);
            return;
        }

        try
        {
            await LeasedAsync(context, store, (asked, lease) => SendBlocksAsync(asked, lease, limits)).ConfigureAwait(false);
        }
        finally
        {
            limits.End();
        }
    }

    private static async Task LeasedAsync(HttpContext context, ObjectStore store, Func<HttpContext, ModelLease, Task> send)
    {
        if (!ModelId.TryParse(context.Request.RouteValues["model"] as string, out var model))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "A model is asked for by its id, 64 hexadecimal digits.")
                .ConfigureAwait(false);
            return;
        }

        ModelLease lease;
        try
        {
            lease = store.Acquire(model, $"transfer to {context.Connection.RemoteIpAddress}");
        }
        catch (ZeroCopyException e)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, e.Message).ConfigureAwait(false);
            return;
        }

        using (lease)
        {
            await send(context, lease).ConfigureAwait(false);
        }
    }

    private static async Task SendOfferAsync(HttpContext context, ModelLease lease)
    {
        var offer = OfferDocument.Write(lease.ToOffer());
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = offer.Length;
        await context.Response.BodyWriter.WriteAsync(offer, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task SendBlocksAsync(HttpContext context, ModelLease lease, SendLimits limits)
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
        if (ranges.IsEmpty || !ranges.All(range => lease.LengthOf(range.Block) is { } end && range.Offset >= 0 && range.Offset <= end))
        {
            await RefuseAsync(
                context, StatusCodes.Status400BadRequest, $"The request asks for what is in no block of model {lease.Manifest.Id}.")
                .ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = ranges.Sum(range => lease.LengthOf(range.Block) - range.Offset);
        foreach (var range in ranges)
        {
            await SendAsync(context, lease, range, limits).ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(HttpContext context, ModelLease lease, BlockRange range, SendLimits limits)
    {
        var end = lease.LengthOf(range.Block)!.Value;
        for (var offset = range.Offset; offset < end; offset += limits.PieceBytes)
        {
            var bytes = (int)Math.Min(limits.PieceBytes, end - offset);
            await limits.WaitAsync(bytes, context.RequestAborted).ConfigureAwait(false);
            using var piece = new BlockMemory(lease, range.Block, offset, bytes);
            await context.Response.BodyWriter.WriteAsync(piece.Memory, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(reason, context.RequestAborted);
    }
}
