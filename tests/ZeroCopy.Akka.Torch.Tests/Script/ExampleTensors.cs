using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>PyTorch's inputs and answers beside the test models.</summary>
internal static class ExampleTensors
{
    public static Dictionary<string, torch.Tensor> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes));
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        var tensors = new Dictionary<string, torch.Tensor>(StringComparer.Ordinal);
        foreach (var item in header.RootElement.EnumerateObject().Where(item => item.Name != "__metadata__"))
        {
            var dtype = item.Value.GetProperty("dtype").GetString() switch
            {
                "F32" => torch.float32,
                "I64" => torch.int64,
                var other => throw new NotSupportedException(other),
            };
            var shape = item.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
            var offsets = item.Value.GetProperty("data_offsets").EnumerateArray().Select(at => at.GetInt32()).ToArray();
            var tensor = torch.empty(shape, dtype: dtype);
            bytes.AsSpan((8 + length + offsets[0])..(8 + length + offsets[1])).CopyTo(tensor.bytes);
            tensors[item.Name] = tensor;
        }

        return tensors;
    }

    public static void AssertClose(torch.Tensor expected, torch.Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference < 1e-4f, $"The largest difference is {difference}.");
    }
}
