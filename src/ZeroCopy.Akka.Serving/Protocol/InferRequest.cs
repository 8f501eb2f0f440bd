using System.Collections.Immutable;

namespace ZeroCopy.Serving.Protocol;

/// <summary>A request for inference, without the elements that follow its text.</summary>
/// <param name="Id">What the caller calls it, for the answer; null for nothing.</param>
/// <param name="Inputs">The inputs, each name once.</param>
/// <param name="Outputs">The outputs that are asked for, each name once; default for all.</param>
/// <param name="Parameters">The request's parameters.</param>
internal sealed record InferRequest(
    string? Id, ImmutableArray<InferInput> Inputs, ImmutableArray<RequestedOutput> Outputs, InferParameters Parameters)
{
    /// <summary>Whether a tensor of it lies in shared memory.</summary>
    public bool UsesRegions => Inputs.Any(input => input.Region is not null)
        || (!Outputs.IsDefault && Outputs.Any(output => output.Region is not null));

    /// <summary>The outputs of an answer that are sent.</summary>
    /// <exception cref="RequestException">One that is asked for is not among them.</exception>
    public ImmutableArray<NamedTensor> Select(ImmutableArray<NamedTensor> outputs)
    {
        if (Outputs.IsDefault)
        {
            return outputs;
        }

        if (Outputs.FirstOrDefault(asked => outputs.All(output => output.Name != asked.Name)) is { } missing)
        {
            var names = string.Join(", ", outputs.Select(output => output.Name));
            throw new RequestException($"There is no output '{missing.Name}'; there are: {names}.");
        }

        return [.. outputs.Where(output => Outputs.Any(asked => asked.Name == output.Name))];
    }

    /// <summary>How an output of that name was asked for; null where the request names no outputs.</summary>
    public RequestedOutput? AskedFor(string output) =>
        Outputs.IsDefault ? null : Outputs.FirstOrDefault(asked => asked.Name == output);

    /// <summary>Whether an output of that name is sent as binary.</summary>
    public bool IsBinary(string output) =>
        AskedFor(output) is { } asked ? asked.Region is null && (asked.Binary ?? Parameters.BinaryOutput) : Parameters.BinaryOutput;
}
