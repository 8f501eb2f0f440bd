using System.Globalization;
using Akka.Actor;
using ZeroCopy.Clustering.Clients;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Samples.ClusterCalls;

/// <summary>Calls a model of a cluster once.</summary>
internal static class CallProgram
{
    private const string Usage = "Write CONTACT[,CONTACT...] MODEL NUMBER..., such as 10.0.0.7:4053 scorer 1 2 3";

    /// <summary>The host's name is where the nodes reach this program: another one where they run on other hosts.</summary>
    private const string Remoting = """
        akka {
          loglevel = WARNING
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        }
        """;

    /// <summary>Runs the program; returns its exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        if (arguments.Length < 3 || Numbers(arguments[2..]) is not { } numbers)
        {
            await errors.WriteLineAsync(Usage).ConfigureAwait(false);
            return 2;
        }

        using var system = ActorSystem.Create("caller", Remoting);
        try
        {
            var scores = await CallAsync(system, arguments[0].Split(','), arguments[1], numbers).ConfigureAwait(false);
            await output.WriteLineAsync(string.Join(' ', scores.Select(score => score.ToString(CultureInfo.InvariantCulture))))
                .ConfigureAwait(false);
            return 0;
        }
        catch (Exception e) when (e is InferenceException or ArgumentException)
        {
            await errors.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 1;
        }
    }

    private static float[]? Numbers(string[] texts)
    {
        var numbers = new List<float>();
        foreach (var text in texts)
        {
            if (!float.TryParse(text, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static async Task<float[]> CallAsync(ActorSystem system, string[] contacts, string model, float[] numbers)
    {
        // example: cluster-client
        using var client = await ClusterClient.ConnectAsync(system, contacts);
        var endpoint = await client.FindAsync(model)
            ?? throw new InferenceException(InferenceFailure.ModelNotFound, $"The cluster has no model {model}.");
        var signature = await endpoint.GetSignatureAsync();
        var input = new NamedTensor(
            signature.Methods[0].Inputs[0].Name, HostTensor.From<float>(DType.Float32, numbers, numbers.Length));
        using var answer = await endpoint.CallAsync("", [input], new CallOptions { Deadline = TimeSpan.FromSeconds(10) });
        return answer.Outputs[0].Tensor.Values<float>().ToArray();
        // end
    }
}
