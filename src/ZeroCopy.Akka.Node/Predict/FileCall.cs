using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Node.Predict;

/// <summary>A call of an endpoint with what a file gives.</summary>
internal static class FileCall
{
    /// <summary>The answer, which the caller disposes.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="method">Name of the method.</param>
    /// <param name="inputs">What the file gives.</param>
    /// <param name="file">The file, for errors; null where there is none.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    /// <exception cref="InputMismatchException">
    /// There is no such method, the inputs do not fit it, or the model failed with them.
    /// </exception>
    /// <exception cref="InferenceException">The call failed for another reason.</exception>
    public static async Task<ModelAnswer> RunAsync(
        IModelEndpoint endpoint, string method, CallInputs inputs, string? file, CancellationToken cancellationToken)
    {
        var signature = await endpoint.GetSignatureAsync(cancellationToken).ConfigureAwait(false);
        var found = signature.Find(method);
        try
        {
            // A method that there is not is refused by the endpoint, before it looks at any input.
            return await endpoint.CallAsync(method, found is null ? [] : inputs.For(found), null, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (InputMismatchException error)
        {
            throw Refused($"{error.Message} The method of {endpoint.Name} is {found}.", error);
        }
        catch (InferenceException error)
        {
            throw error.Failure switch
            {
                InferenceFailure.InvalidInput => Refused(error.Message, error),
                InferenceFailure.ModelError => new InputMismatchException(
                    Of($"{error.Message.TrimEnd('.')}.{(error.CausedByInput ? " Check the shapes and types of the input." : "")}"), error),
                InferenceFailure.MethodNotFound => new InputMismatchException($"{error.Message} Choose one with --method.", error),
                _ => error,
            };
        }

        InputMismatchException Refused(string message, Exception error) =>
            new(file is null ? $"{message} Give them with --input." : Of(message), error);

        string Of(string message) => file is null ? message : $"'{file}': {message}";
    }
}
