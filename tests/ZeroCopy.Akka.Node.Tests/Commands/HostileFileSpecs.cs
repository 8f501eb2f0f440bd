using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Node.Tests.Cli;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>Files and folders that are no models: refused in one line that names them, and nothing is left behind.</summary>
public sealed class HostileFileSpecs : IDisposable
{
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Theory]
    [InlineData(99, "{}", 0, "longer than the file")]
    [InlineData(0, "{}", 0, "has 0 bytes")]
    [InlineData(100_000_001, "{}", 0, "1 to 100000000")]
    [InlineData(-1, "{}", 0, "1 to 100000000")]
    [InlineData(null, "hello", 0, "does not begin with '{'")]
    [InlineData(null, "{\"a\"}", 0, "no valid JSON")]
    [InlineData(null, "{\"\u00ff\":1}", 0, "not UTF-8")]
    [InlineData(null, "{\"a\":[[[[[[[[[[[[1]]]]]]]]]]]]}", 0, "no valid JSON")]
    [InlineData(
        null,
        """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""",
        2,
        "no valid JSON")]
    [InlineData(null, """{"a":{"dtype":"F3","shape":[1],"data_offsets":[0,1]}}""", 1, "convert it to one of BOOL, U8")]
    [InlineData(null, """{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}""", 1, "fills no whole bytes")]
    [InlineData(null, """{"a":{"dtype":"U8","data_offsets":[0,1]}}""", 1, "'shape'")]
    [InlineData(null, """{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}""", 1, "'dtype'")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}""", 1, "no whole number")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", 1, "no whole number")]
    [InlineData(
        null,
        """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""",
        3,
        "overlap")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}""", 1, "truncated")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "no [begin, end]")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "a hole")]
    [InlineData(null, """{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,1]}}""", 1, "overflows")]
    [InlineData(null, """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1]}}""", 1, "needs 4 bytes")]
    [InlineData(null, """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 2, "follow the last tensor")]
    [InlineData(null, """{"../../a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "no tensor name")]
    [InlineData(null, """{"a\u0000b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "no tensor name")]
    public void Put_should_refuse_safetensors_that_break_the_rules(int? headerLength, string header, int dataBytes, string reason)
    {
        var text = Encoding.Latin1.GetBytes(header);
        var file = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, headerLength ?? text.Length);
        text.CopyTo(file, 8);
        File.WriteAllBytes(_zerocopy.File("bad.safetensors"), file);

        AssertRefused("bad.safetensors", "bad.safetensors", reason);
    }

    [Theory]
    [InlineData("layer", "missing.safetensors", "'missing.safetensors' is missing")]
    [InlineData("layer", "../model.safetensors", "no file name inside")]
    [InlineData("layer", "/etc/passwd", "no file name inside")]
    [InlineData("copy", "copy.safetensors", "as the index says")]
    [InlineData("layer", "model.safetensors", "'layer' is not in its shard")]
    public void Put_should_refuse_shards_that_do_not_fit(string name, string shard, string reason)
    {
        DigitWeights.Extract(_zerocopy.File("digits"));
        var weights = Path.Combine(_zerocopy.File("digits"), "model.safetensors");
        File.Copy(weights, Path.Combine(_zerocopy.File("digits"), "copy.safetensors"));
        var map = new JsonObject { [name] = shard };
        foreach (var tensor in ZeroCopy.Safetensors.SafetensorsHeader.Read(weights).Tensors)
        {
            map[tensor.Name] = "model.safetensors";
        }

        File.WriteAllText(
            Path.Combine(_zerocopy.File("digits"), "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());

        AssertRefused("digits/model.safetensors.index.json", "index.json", reason);
    }

    [Theory]
    [InlineData(null, "has no config.json")]
    [InlineData("", "not JSON")]
    [InlineData("{\"model_type\": \"digits\"", "not JSON")]
    [InlineData("{}", "model_type")]
    [InlineData("{\"model_type\": \"gpt9\"}", "'gpt9' is not registered here; known: bert, digits")]
    [InlineData("{\"model_type\": \"bert\"}", "embeddings.word_embeddings.weight is missing")]
    public void Put_should_refuse_a_folder_whose_configuration_does_not_fit(string? configuration, string reason)
    {
        DigitWeights.Extract(_zerocopy.File("digits"));
        var file = Path.Combine(_zerocopy.File("digits"), "config.json");
        File.Delete(file);
        if (configuration is not null)
        {
            File.WriteAllText(file, configuration);
        }

        AssertRefused("digits", "digits", reason);
    }

    [Fact]
    public void Put_should_refuse_a_folder_whose_weights_are_another_models()
    {
        DigitWeights.Extract(_zerocopy.File("digits"));
        ZeroCopy.Safetensors.SafetensorsWriter.Write(
            Path.Combine(_zerocopy.File("digits"), "model.safetensors"),
            [KeyValuePair.Create("w", Tensors.HostTensor.From<float>(Tensors.DType.Float32, [1], 1))]);

        AssertRefused("digits", "digits", "w is surplus");
    }

    [Theory]
    [InlineData("empty.dat", "", "empty")]
    [InlineData("noise.dat", "noise that is no count", "not a TorchSharp state dictionary")]
    [InlineData("none.dat", "\0", "no tensor")]
    [InlineData("empty.pt", "", "empty")]
    [InlineData("noise.pt", "noise", "noise.pt")]
    [InlineData("old.pt", "\u0080\u0002}q\0.", "torch.jit")]
    [InlineData("empty.safetensors", "", "empty")]
    [InlineData("model.onnx", "noise", "a model is a .pt")]
    public void Put_should_refuse_files_that_are_no_models(string name, string content, string reason)
    {
        File.WriteAllText(_zerocopy.File(name), content, Encoding.Latin1);

        AssertRefused(name, name, reason);
    }

    [Fact]
    public void Put_should_escape_what_would_steer_the_terminal()
    {
        File.WriteAllText(_zerocopy.File("x.safetensors.index.json"), """{"weight_map": {"\u001b[2J": ".."}}""");

        AssertRefused("x.safetensors.index.json", "\\u001b[2J");
    }

    private void AssertRefused(string name, params string[] words)
    {
        _zerocopy.AssertEmptyStore();
        var before = _zerocopy.Snapshot();

        _zerocopy.Run("put", _zerocopy.File(name), "--name", "bad").Failed(1, words);

        Assert.Equal(before, _zerocopy.Snapshot());
        _zerocopy.AssertEmptyStore();
    }
}
