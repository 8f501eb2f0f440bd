using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>A call of a script of <c>Fixtures</c> and PyTorch's answer to it.</summary>
internal sealed record ScriptExample(string Method, JsonElement Arguments, JsonElement Answer)
{
    private static readonly JsonDocument All = JsonDocument.Parse(File.ReadAllBytes(Path("examples.json")));

    public static IEnumerable<string> Names => All.RootElement.EnumerateObject().Select(item => item.Name);

    public static string Path(string file) =>
        System.IO.Path.Combine(RepositoryRoot.Path, "tests", "ZeroCopy.Akka.Torch.Tests", "Script", "Fixtures", file);

    public static IReadOnlyList<ScriptExample> Of(string name) =>
    [
        .. from call in All.RootElement.GetProperty(name).EnumerateArray()
           select new ScriptExample(call.GetProperty("method").GetString()!, call.GetProperty("arguments"), call.GetProperty("answer"))
    ];

    /// <summary>
    /// Makes the call on an instance and compares its answer with PyTorch's: structure, types, shapes, and every element within 1e-4.
    /// </summary>
    public void AssertAnswered(IModelInstance instance, torch.Device? device = null)
    {
        using var scope = torch.NewDisposeScope();
        object?[] arguments = [.. Arguments.EnumerateArray().Select(argument => Value(argument, device))];
        AssertSame(Answer, instance.Run((script, given) => ((ScriptProgram)script).Invoke(Method, (object?[])given!), arguments), "answer");
    }

    private static object? Value(JsonElement json) => Value(json, device: null);

    private static object? Value(JsonElement json, torch.Device? device)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Null: return null;
            case JsonValueKind.True or JsonValueKind.False: return json.GetBoolean();
            case JsonValueKind.String: return json.GetString();
        }

        var (kind, content) = Only(json);
        return kind switch
        {
            // The object is said, because numbers convert to tensors by themselves.
            "tensor" => (object)Tensor(json).to(device ?? torch.CPU),
            "int" => content.GetInt64(),
            "float" => content.GetDouble(),
            "tuple" => content.EnumerateArray().Select(item => Value(item, device)).ToArray() switch
            {
                [var a, var b] => (a, b),
                var other => throw new NotSupportedException($"a tuple of {other.Length}"),
            },
            "list" => content.EnumerateArray().Select(item => Value(item, device)).ToList(),
            "dict" => content.EnumerateArray().ToDictionary(pair => Value(pair[0], device)!, pair => Value(pair[1], device)),
            _ => throw new NotSupportedException(kind),
        };
    }

    private static (string Kind, JsonElement Content) Only(JsonElement json)
    {
        var first = json.EnumerateObject().First();
        return (first.Name, first.Value);
    }

    private static torch.Tensor Tensor(JsonElement json)
    {
        var data = json.GetProperty("data").EnumerateArray().Select(item => item.GetDouble()).ToArray();
        var shape = json.GetProperty("shape").EnumerateArray().Select(item => item.GetInt64()).ToArray();
        var flat = torch.tensor(data, dtype: torch.float64);
        var dtype = ScalarType(json.GetProperty("tensor").GetString()!);
        return torch.is_complex(dtype)
            ? torch.view_as_complex(flat.reshape([.. shape, 2])).to(dtype)
            : flat.reshape(shape).to(dtype);
    }

    private static torch.ScalarType ScalarType(string name) => name switch
    {
        "bool" => torch.@bool,
        "uint8" => torch.uint8,
        "int8" => torch.int8,
        "int16" => torch.int16,
        "int32" => torch.int32,
        "int64" => torch.int64,
        "float16" => torch.float16,
        "bfloat16" => torch.bfloat16,
        "float32" => torch.float32,
        "float64" => torch.float64,
        "complex64" => torch.complex64,
        "complex128" => torch.complex128,
        _ => throw new NotSupportedException(name),
    };

    private static void AssertSame(JsonElement expected, object? actual, string at)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Null:
                Assert.True(actual is null, $"{at}: {actual}");
                return;
            case JsonValueKind.True or JsonValueKind.False:
                Assert.Equal((object)expected.GetBoolean(), actual);
                return;
            case JsonValueKind.String:
                Assert.Equal(expected.GetString(), actual);
                return;
        }

        var (kind, content) = Only(expected);
        switch (kind)
        {
            case "tensor":
                AssertTensor(expected, Assert.IsAssignableFrom<torch.Tensor>(actual), at);
                break;
            case "int":
                Assert.Equal((object)content.GetInt64(), actual);
                break;
            case "float":
                Assert.Equal(content.GetDouble(), Assert.IsType<double>(actual), 1e-4);
                break;
            case "dict":
                var dictionary = Assert.IsAssignableFrom<IDictionary>(actual);
                Assert.Equal(content.GetArrayLength(), dictionary.Count);
                foreach (var pair in content.EnumerateArray())
                {
                    var key = Value(pair[0])!;
                    Assert.True(dictionary.Contains(key), $"{at} lacks {key}");
                    AssertSame(pair[1], dictionary[key], $"{at}[{key}]");
                }

                break;
            default:
                var items = actual is ITuple tuple
                    ? [.. Enumerable.Range(0, tuple.Length).Select(i => tuple[i])]
                    : Assert.IsAssignableFrom<IEnumerable>(actual).Cast<object?>().ToList();
                Assert.Equal(kind == "tuple", actual is ITuple);
                Assert.Equal(content.GetArrayLength(), items.Count);
                for (var i = 0; i < items.Count; i++)
                {
                    AssertSame(content[i], items[i], $"{at}[{i}]");
                }

                break;
        }
    }

    private static void AssertTensor(JsonElement json, torch.Tensor actual, string at)
    {
        var expected = Tensor(json);
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        if (expected.numel() > 0)
        {
            var wide = torch.is_complex(expected.dtype) ? torch.complex128 : torch.float64;
            var difference = (expected.to(wide) - actual.cpu().to(wide)).abs().max().item<double>();
            Assert.True(difference < 1e-4, $"{at}: the largest difference is {difference}.");
        }
    }
}
