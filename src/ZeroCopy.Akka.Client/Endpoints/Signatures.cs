using ZeroCopy.Client.Http;
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
            if (new AnswerField(configuration, AnswerPlace.Answer).TextAt("parameters", "signature", "string_value") is { } json)
            {
                return SignatureJson.Parse(json);
            }
        }
        catch (InferenceServerException e) when (Failures.IsNoModel(e) || e.Error == InferenceError.Unsupported)
        {
            // The configuration is an extension that many servers do not have: whether there is such a model is asked below.
        }
        catch (FormatException e)
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
}
