using System.Text.Json;
using ZeroCopy.Client.Metadata;
using ZeroCopy.Client.Tensors;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Client.Endpoints;

/// <summary>What a server says that a model can be called with.</summary>
internal static class Signatures
{
    /// <summary>The signature: whole where the server is one of ours, else the one method that the protocol knows.</summary>
    /// <exception cref="InferenceServerException">The server has no such model, or cannot be asked.</exception>
    public static async Task<ModelSignature> ReadAsync(
        IInferenceClient client, string model, string? version, CancellationToken cancellationToken)
    {
        try
        {
            var configuration = await client.GetModelConfigurationAsync(model, version, cancellationToken).ConfigureAwait(false);
            if (TextOf(configuration) is { } json)
            {
                return SignatureJson.Parse(json);
            }
        }
        catch (InferenceServerException e) when (Failures.IsNoModel(e) || e.Error == InferenceError.Unsupported)
        {
            // The configuration is an extension that many servers do not have: whether there is such a model is asked below.
        }
        catch (Exception e) when (e is FormatException or (InvalidOperationException and not ObjectDisposedException))
        {
            throw new InferenceServerException(InferenceError.InvalidAnswer, e.Message, e);
        }

        return Of(await client.GetModelMetadataAsync(model, version, cancellationToken).ConfigureAwait(false));
    }

    private static ModelSignature Of(ModelMetadata model) =>
        new([new MethodSignature(ModelSignature.Forward, [.. model.Inputs.Select(Value)], [.. model.Outputs.Select(Value)])]);

    private static ValueSignature Value(TensorMetadata tensor) => tensor.Datatype == Datatype.Bytes
        ? new ValueSignature(tensor.Name, "str")
        : new ValueSignature(tensor.Name, DType: Datatypes.Of(tensor.Datatype), Shape: tensor.Shape);

    private static string? TextOf(JsonElement configuration) =>
        configuration.ValueKind == JsonValueKind.Object
        && configuration.TryGetProperty("parameters", out var parameters) && parameters.ValueKind == JsonValueKind.Object
        && parameters.TryGetProperty("signature", out var signature) && signature.ValueKind == JsonValueKind.Object
        && signature.TryGetProperty("string_value", out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;
}
