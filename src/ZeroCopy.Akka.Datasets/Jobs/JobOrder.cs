using System.Collections.Immutable;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Jobs;

/// <summary>A job as it is asked for, before any row is read.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Files">The input files, in their order.</param>
/// <param name="Method">The model's method.</param>
/// <param name="Identity">What a later run of the job must find again.</param>
internal sealed record JobOrder(
    BatchJobOptions Options, IReadOnlyList<string> Files, MethodSignature Method,
    ImmutableArray<KeyValuePair<string, string>> Identity)
{
    /// <param name="endpoint">The model.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="writes">Whether the output is to be written.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DatasetException">What <see cref="OptionCheck"/> refuses, or the model has no such method.</exception>
    public static async Task<JobOrder> CreateAsync(
        IModelEndpoint endpoint, BatchJobOptions options, bool writes, CancellationToken cancellationToken)
    {
        var files = OptionCheck.Run(options, writes);
        var signature = await endpoint.GetSignatureAsync(cancellationToken).ConfigureAwait(false);
        var method = signature.Find(options.Method) ?? throw new DatasetException(
            $"'{endpoint.Name}' has no method '{options.Method}'. "
            + $"{NearestName.Hint(options.Method, [.. signature.Methods.Select(known => known.Name)])}");
        // Before anything is read: what changes from then on is seen.
        return new JobOrder(options, files, method, JobIdentity.Of(options, endpoint.Name, files));
    }
}
