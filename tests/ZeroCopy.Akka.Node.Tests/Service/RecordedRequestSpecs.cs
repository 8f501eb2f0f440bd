using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>
/// Requests of real clients, sent to a node byte for byte as they were recorded, and the answers that those clients must get.
/// </summary>
public abstract class RecordedRequestSpecs(RecordedModels models)
{
    private const float Tolerance = 1e-5f;

    private static string Folder => Path.Combine(RepositoryRoot.SharedRequests!, "http");

    public static TheoryData<string> Requests() => RepositoryRoot.SharedRequests is null
        ? ["none"]
        : [.. Directory.GetFiles(Folder, "*.request").Select(file => Path.GetFileNameWithoutExtension(file)!).Where(IsServed).Order()];

    [SkippableTheory]
    [MemberData(nameof(Requests))]
    public async Task Node_should_answer_as_the_client_needs(string name)
    {
        Skip.If(RepositoryRoot.SharedRequests is null, "The folder with recorded requests is not beside the repository.");
        var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json"))).RootElement;

        var answer = await RawAnswer.SendAsync(models.Server, File.ReadAllBytes(Path.Combine(Folder, $"{name}.request")));

        if (name.EndsWith("unload", StringComparison.Ordinal))
        {
            // The others find the models as they were.
            await RawAnswer.SendAsync(models.Server, File.ReadAllBytes(Path.Combine(Folder, "42-load.request")));
        }

        Assert.Equal(expected.GetProperty("status").GetInt32(), answer.Status);
        var json = answer.Json();
        if (answer.Status >= 400)
        {
            Assert.NotEmpty(json.GetProperty("error").GetString()!);
        }
        else if (expected.GetProperty("answer") is { ValueKind: JsonValueKind.Object } outputs)
        {
            AssertOutputs(outputs, json, answer.Binary);
        }
    }

    [SkippableFact]
    public async Task Node_should_read_and_write_the_shared_memory_of_a_client()
    {
        Skip.If(RepositoryRoot.SharedRequests is null, "The folder with recorded requests is not beside the repository.");
        // The recorded name is one for all tests of the host; another one of its length is as good.
        var name = $"/{Path.GetRandomFileName()[..5]}";
        var path = $"/dev/shm{name}";
        int[] first = [.. Enumerable.Range(1, 16)];
        int[] second = [.. Enumerable.Range(1, 16).Select(number => number * 100)];
        byte[] start = [.. new byte[64], .. MemoryMarshal.AsBytes(first.AsSpan()), .. MemoryMarshal.AsBytes(second.AsSpan())];
        File.WriteAllBytes(path, [.. start, .. new byte[64 + 4096 - start.Length]]);
        try
        {
            foreach (var request in (string[])["46-shm-status", "47-shm-register", "48-shm-infer", "46-shm-status", "49-shm-unregister"])
            {
                var bytes = File.ReadAllBytes(Path.Combine(Folder, $"{request}.request"));
                var place = bytes.AsSpan().IndexOf("/zc-r0"u8);
                if (place >= 0)
                {
                    Encoding.UTF8.GetBytes(name, bytes.AsSpan(place));
                }

                var answer = await RawAnswer.SendAsync(models.Server, bytes);
                Assert.Equal(200, answer.Status);
            }

            var output = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(path).AsSpan(192, 64)).ToArray();
            Assert.Equal(first.Zip(second, (one, other) => one + other), output);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>One by one: what goes together has a test of its own.</summary>
    private static bool IsServed(string name) => !name.Contains("shm", StringComparison.Ordinal);

    private static void AssertOutputs(JsonElement expected, JsonElement json, ReadOnlyMemory<byte> binary)
    {
        Assert.Equal(
            expected.GetProperty("id").GetString(), json.TryGetProperty("id", out var id) ? id.GetString() : null);
        var outputs = json.GetProperty("outputs").EnumerateArray().ToList();
        Assert.Equal(
            expected.GetProperty("outputs").EnumerateObject().Select(output => output.Name).Order(),
            outputs.Select(output => output.GetProperty("name").GetString()!).Order());
        foreach (var output in outputs)
        {
            var name = output.GetProperty("name").GetString()!;
            var value = expected.GetProperty("outputs").GetProperty(name);
            Assert.Equal(value.GetProperty("datatype").GetString(), output.GetProperty("datatype").GetString());
            Assert.Equal(
                value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()),
                output.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()));
            var data = value.GetProperty("data_base64").GetBytesFromBase64();
            if (expected.GetProperty("binary").GetProperty(name).GetBoolean())
            {
                var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
                AssertElements(data, binary[..size].ToArray(), value.GetProperty("datatype").GetString()!);
                binary = binary[size..];
            }
            else
            {
                AssertNumbers(data, output.GetProperty("data"), value.GetProperty("datatype").GetString()!);
            }
        }

        Assert.Equal(0, binary.Length);
    }

    private static void AssertElements(byte[] expected, byte[] actual, string datatype)
    {
        if (datatype != "FP32")
        {
            Assert.Equal(expected, actual);
            return;
        }

        Assert.Equal(expected.Length, actual.Length);
        Assert.All(
            MemoryMarshal.Cast<byte, float>(expected).ToArray().Zip(MemoryMarshal.Cast<byte, float>(actual).ToArray()),
            pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    private static void AssertNumbers(byte[] expected, JsonElement data, string datatype)
    {
        double[] numbers = datatype switch
        {
            "BOOL" or "UINT8" => [.. expected.Select(element => (double)element)],
            "INT8" => [.. expected.Select(element => (double)(sbyte)element)],
            "INT16" => Numbers<short>(expected),
            "INT32" => Numbers<int>(expected),
            "INT64" => Numbers<long>(expected),
            "FP32" => Numbers<float>(expected),
            "FP64" => Numbers<double>(expected),
            _ => throw new NotSupportedException(datatype),
        };
        var actual = data.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Number
            ? element.GetDouble() : element.GetBoolean() ? 1 : 0).ToArray();
        Assert.Equal(numbers.Length, actual.Length);
        Assert.All(numbers.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, datatype == "FP32" ? Tolerance : 0));
    }

    private static double[] Numbers<T>(byte[] bytes)
        where T : unmanaged, System.Numerics.INumber<T> =>
        [.. MemoryMarshal.Cast<byte, T>(bytes).ToArray().Select(double.CreateChecked)];
}

/// <summary>By a node that holds the models.</summary>
public sealed class NodeRecordedRequestSpecs(RecordedModels models) : RecordedRequestSpecs(models), IClassFixture<RecordedModels>;

/// <summary>By a node of a cluster whose models another one holds.</summary>
public sealed class ClusterRecordedRequestSpecs(RecordedModelsOfCluster models)
    : RecordedRequestSpecs(models), IClassFixture<RecordedModelsOfCluster>;
