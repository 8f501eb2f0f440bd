using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Cli;
using ZeroCopy.Node.Remote;

namespace ZeroCopy.Node.Commands;

/// <summary>One model of a cluster: its versions, where it is, and how it is called.</summary>
internal static class RemoteShow
{
    public static async Task<int> RunAsync(CommandContext context, ModelName name, CancellationToken cancellationToken)
    {
        var connection = await NodeConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var status = await connection.Node.StatusAsync(cancellationToken).ConfigureAwait(false);
            var model = RemoteModels.Find(status, name);
            var (signature, reason) = await SignatureAsync(connection, model, cancellationToken).ConfigureAwait(false);
            if (context.Json)
            {
                context.PrintJson(new
                {
                    Name = RemoteModels.Text(model),
                    Id = model.Model?.ToString(),
                    model.Bytes,
                    Current = model.IsCurrent,
                    Versions = status.Models.Where(other => other.Name == model.Name).Select(other => other.Version),
                    Holders = model.Holders.Select(holder => holder.ToString()),
                    Replicas = model.Replicas.Select(replica => replica.ToString()),
                    Signature = signature is null ? null : SignatureText.Json(signature),
                    model.Problem,
                });
            }
            else
            {
                context.Output.WriteLine($"{RemoteModels.Text(model)}  {ByteSize.Text(model.Bytes)}  {model.Model}");
                foreach (var line in signature is null ? [$"unknown: {reason}"] : SignatureText.Lines(signature))
                {
                    context.Output.WriteLine($"method   {PlainText.Of(line)}");
                }

                context.Output.WriteLine($"held     {Text(model.Holders)}");
                context.Output.WriteLine($"loaded   {Text(model.Replicas)}");
            }
        }

        return ExitCode.Success;

        static string Text(IEnumerable<Akka.Actor.Address> nodes) => string.Join(", ", nodes) is { Length: > 0 } text ? text : "nowhere";
    }

    private static async Task<(ModelSignature? Signature, string? Reason)> SignatureAsync(
        NodeConnection connection, ModelStatus model, CancellationToken cancellationToken)
    {
        try
        {
            using var calls = await connection.CallsAsync(cancellationToken).ConfigureAwait(false);
            return (await calls.Endpoint(model.Name, model.Version).GetSignatureAsync(cancellationToken).ConfigureAwait(false), null);
        }
        catch (InferenceException e)
        {
            // What nodes hold can be shown all the same, also where none can build it.
            return (null, ErrorText.Of(e));
        }
    }
}
