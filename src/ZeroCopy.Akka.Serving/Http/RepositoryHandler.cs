using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Endpoints;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Http;

/// <summary>The models that there are, whether they can be called or not, and whether they are loaded.</summary>
internal sealed class RepositoryHandler(Models models, ServingOptions options)
{
    public async Task IndexAsync(HttpContext context)
    {
        var isReadyAlone = false;
        await JsonBody.ReadAsync(context.Request, options, (ref JsonCursor json, string name, FieldPlace place) =>
        {
            if (name == "ready")
            {
                isReadyAlone = json.Boolean(place);
            }
            else
            {
                json.Skip();
            }
        }).ConfigureAwait(false);
        var endpoints = await models.ListAsync(context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendValueAsync(context.Response, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartArray();
            foreach (var endpoint in endpoints)
            {
                if (!isReadyAlone || endpoint.State == EndpointState.Ready)
                {
                    Write(writer, endpoint);
                }
            }

            writer.WriteEndArray();
        }).ConfigureAwait(false);
    }

    /// <summary>Answers when the model is loaded.</summary>
    public async Task LoadAsync(HttpContext context)
    {
        LoadParameters.Require(await ParametersAsync(context).ConfigureAwait(false));
        await models.LoadAsync(context.Request.Name(), context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context.Response, static _ => { }).ConfigureAwait(false);
    }

    public async Task UnloadAsync(HttpContext context)
    {
        await ParametersAsync(context).ConfigureAwait(false);
        await models.UnloadAsync(context.Request.Name(), context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context.Response, static _ => { }).ConfigureAwait(false);
    }

    /// <summary>Names of the request's parameters.</summary>
    private async Task<IReadOnlyCollection<string>> ParametersAsync(HttpContext context)
    {
        var parameters = new HashSet<string>();
        await JsonBody.ReadAsync(context.Request, options, (ref JsonCursor json, string name, FieldPlace place) =>
        {
            if (name != "parameters")
            {
                json.Skip();
                return;
            }

            json.RequireObject(place);
            while (json.Field(parameters, place) is { } parameter)
            {
                _ = json.Parameter(place.At(parameter));
            }
        }).ConfigureAwait(false);
        return parameters;
    }

    private static void Write(Utf8JsonWriter writer, IModelEndpoint endpoint)
    {
        writer.WriteStartObject();
        writer.WriteString("name", endpoint.Name);
        writer.WriteString("version", ModelVersion.Text(endpoint.Version));
        writer.WriteString("state", Models.StateOf(endpoint));
        writer.WriteString("reason", endpoint.LastError ?? "");
        writer.WriteEndObject();
    }
}
