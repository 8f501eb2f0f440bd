using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>From files that Python wrote to PyTorch's answers, through the executable alone.</summary>
public sealed class PredictCommandSpecs : IDisposable
{
    private const float Tolerance = 1e-4f;
    private readonly Zerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [SkippableTheory]
    [InlineData("embedder.pt", "output", "embedding_without_types", "input_ids attention_mask")]
    [InlineData("", "last_hidden_state", "last_hidden_state", "input_ids attention_mask token_type_ids")]
    [InlineData("sharded", "pooler_output", "pooler_output", "input_ids attention_mask token_type_ids")]
    public void Predict_should_answer_as_pytorch_does_on_bert(string path, string output, string expected, string inputs)
    {
        var folder = Shared("bert");
        var examples = Tensors(Path.Combine(folder, "examples.safetensors"));
        Write("input.safetensors", [.. inputs.Split(' ').Select(name => new NamedTensor(name, examples[name]))]);

        _zerocopy.Run("put", Path.Combine(folder, path), "--name", "bert").Succeeded();
        _zerocopy.Run("predict", "bert", "--input", _zerocopy.File("input.safetensors"), "--output", _zerocopy.File(
            "answer.safetensors")).Succeeded();

        AssertClose(examples[expected], Tensors(_zerocopy.File("answer.safetensors"))[output]);
    }

    [SkippableFact]
    public void Predict_should_call_another_method_of_a_script_with_a_scalar()
    {
        var folder = Shared("detector");
        var examples = Tensors(Path.Combine(folder, "examples.safetensors"));
        var audio = examples["audio"];
        var whole = new HostTensor(new TensorLayout(DType.Float32, 1, audio.Layout.ElementCount), audio.Data);
        Write("input.safetensors", [new NamedTensor("x", whole), new NamedTensor("rate", HostTensor.From<long>(DType.Int64, [16000]))]);

        _zerocopy.Run("put", Path.Combine(folder, "detector.pt"), "--name", "detector").Succeeded();
        _zerocopy.Run(
            "predict", "detector", "--method", "audio_forward",
            "--input", _zerocopy.File("input.safetensors"), "--output", _zerocopy.File("answer.npy")).Succeeded();

        AssertClose(examples["audio_forward"], NpyReader.Read(_zerocopy.File("answer.npy")));
        Assert.Empty(_zerocopy.Run("predict", "detector", "--method", "reset_states").Succeeded().Json().EnumerateObject());
        _zerocopy.Run("predict", "detector").Failed(1, "'x', 'rate'", "--input");
        _zerocopy.Run("predict", "detector", "--method", "fly", "--input", _zerocopy.File("input.safetensors")).Failed(
            1, "fly", "audio_forward");
    }

    [Fact]
    public void Predict_should_name_the_digit_on_an_image_of_a_json_file()
    {
        DigitWeights.Extract(_zerocopy.File("digits"));
        var heldOut = DigitData.HeldOut();
        Write("image.json", [new NamedTensor("input", heldOut.Images(0, 1))]);
        _zerocopy.Run("put", _zerocopy.File("digits"), "--name", "digits").Succeeded();

        var answer = _zerocopy.Run("predict", "digits", "--input", _zerocopy.File("image.json"), "--json").Succeeded().Json();

        var scores = answer.GetProperty("output").GetProperty("data")[0].EnumerateArray().Select(score => score.GetDouble()).ToList();
        Assert.Equal(heldOut.Labels[0], scores.IndexOf(scores.Max()));

        File.WriteAllText(_zerocopy.File("short.json"), "[[0.5, 1]]");
        _zerocopy.Run("predict", "digits", "--input", _zerocopy.File("short.json")).Failed(1, "shapes and types");
        File.WriteAllText(_zerocopy.File("many.json"), """{"input": [[0.5]], "rate": 1}""");
        _zerocopy.Run("predict", "digits", "--input", _zerocopy.File("many.json")).Failed(1, "'rate'", "'input'");
    }

    [Fact]
    public void Predict_should_say_what_is_wrong_with_its_input()
    {
        File.WriteAllText(_zerocopy.File("bad.json"), "[NaN]");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("bad.json")).Failed(1, "bad.json", "\"NaN\"");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("input.csv")).Failed(2, ".npy");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("absent.npy")).Failed(1, "absent.npy");
        var nowhere = _zerocopy.File("nowhere/answer.safetensors");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("bad.json"), "--output", nowhere).Failed(1, $"no folder for '{nowhere}'");
        _zerocopy.Run("export", "any", "--output", nowhere).Failed(1, $"no folder for '{nowhere}'");
    }

    private static string Shared(string name)
    {
        Skip.If(RepositoryRoot.SharedData is null, "The folder with models written by PyTorch is absent.");
        return Path.Combine(RepositoryRoot.SharedData!, name);
    }

    private void Write(string file, IReadOnlyList<NamedTensor> tensors) => TensorFile.Write(_zerocopy.File(file), tensors);

    private static Dictionary<string, HostTensor> Tensors(string path) => TensorFile.Read(path).ToDictionary(
        tensor => tensor.Name!, tensor => tensor.Tensor);

    private static void AssertClose(HostTensor expected, HostTensor actual)
    {
        Assert.Equal(expected.Layout, actual.Layout);
        var (left, right) = (expected.Values<float>().ToArray(), actual.Values<float>().ToArray());
        Assert.All(left.Zip(right), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Tolerance));
    }
}
