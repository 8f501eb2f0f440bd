using Microsoft.Extensions.DependencyInjection;
using ZeroCopy.Client.Endpoints;
using ZeroCopy.Client.Grpc;
using ZeroCopy.Client.Hosting;
using ZeroCopy.Client.Http;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;

namespace ZeroCopy.Client.Tests.Papers;

/// <summary>The examples of <c>docs/clients.md</c>, word for word between the markers.</summary>
internal static class ClientExamples
{
    public static async Task<float[]> CallAsync(Uri address)
    {
        // example: call
        using var client = new InferenceHttpClient(address);
        float[] pixels = [0.5f, 1.5f, 2.5f, 3.5f];
        using var result = await client.InferAsync(new InferRequest("detector", InferInput.Of("x", pixels, 2, 2)));
        ReadOnlySpan<float> scores = result["x"].Values<float>();
        // end
        return scores.ToArray();
    }

    public static async Task<string> CallPreciselyAsync(IInferenceClient client, string text)
    {
        // example: request
        var request = new InferRequest("detector", InferInput.OfText("text", text), InferInput.Of("k", new long[] { 3 }, 1))
        {
            ModelVersion = "2",
            Id = "42",
            Outputs = ["text"],
            Timeout = TimeSpan.FromSeconds(2),
        };
        using var result = await client.InferAsync(request);
        var answer = result["text"].Texts()[0];
        // end
        return answer;
    }

    public static async Task<string> FailAsync(IInferenceClient client, InferRequest request)
    {
        // example: errors
        try
        {
            using var result = await client.InferAsync(request);
            return result.Model;
        }
        catch (InferenceServerException e) when (e.IsTransient)
        {
            return $"later, in {e.RetryAfter}: {e.Message}";
        }
        catch (InferenceServerException e) when (e.Error == InferenceError.InvalidRequest)
        {
            return $"the input is wrong: {e.Message}";
        }
        // end
    }

    public static async Task<List<string>> StreamAsync(Uri address, IEnumerable<string> texts)
    {
        var answers = new List<string>();
        // example: stream
        using var client = new InferenceGrpcClient(address);
        using var stream = client.OpenStream();
        foreach (var text in texts)
        {
            await stream.WriteAsync(new InferRequest("detector", InferInput.OfText("text", text)));
        }

        await stream.CompleteAsync();
        await foreach (var answer in stream.ReadAllAsync())
        {
            using var result = answer.Result;
            answers.Add(result?["text"].Texts()[0] ?? answer.Error!.Message);
        }
        // end
        return answers;
    }

    public static async Task<string> CallEndpointAsync(IInferenceClient client, string text)
    {
        // example: endpoint
        var models = new InferenceEndpointDirectory(client);
        var detector = await models.FindAsync("detector") ?? throw new InvalidOperationException("There is no detector.");
        var options = new CallOptions { Deadline = TimeSpan.FromSeconds(2) };
        using var answer = await detector.CallAsync("", [NamedTensor.OfText("text", text)], options);
        // end
        return answer.Outputs[0].ToText();
    }

    public static async Task<float[]> ShareAsync(IInferenceClient client, float[] pixels)
    {
        // example: shared-memory
        using var region = SharedMemoryRegion.Create(1 << 20);
        await client.RegisterSharedMemoryAsync(region);
        var (input, output) = (region.Slice(0, 16), region.Slice(4096, 16));
        pixels.CopyTo(input.Values<float>());
        var request = new InferRequest("detector", InferInput.InSharedMemory("x", Datatype.Float32, input, 2, 2))
        {
            Outputs = [new InferRequestedOutput("x") { SharedMemory = output }],
        };
        using var result = await client.InferAsync(request);
        var scores = output.Values<float>().ToArray();
        await client.UnregisterSharedMemoryAsync(region.Name);
        // end
        return scores;
    }

    public static void Add(IServiceCollection services, string key)
    {
        // example: services
        services.AddZeroCopyInferenceClient("https://models.example.org", options => options.Timeout = TimeSpan.FromSeconds(10))
            .ConfigureHttpClient(http => http.DefaultRequestHeaders.Add("X-Api-Key", key));
        // end
    }
}
