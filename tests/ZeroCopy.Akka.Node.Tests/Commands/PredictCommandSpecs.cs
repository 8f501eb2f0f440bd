using ZeroCopy.Datasets.Formats.Npy;
using ZeroCopy.Node.Demo.Digits;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Node.Tests.TensorFiles;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

/// <summary>From files that Python wrote to PyTorch's answers, through commands alone.</summary>
public sealed class PredictCommandSpecs : IDisposable
{
    private const float Tolerance = 1e-4f;
    private readonly LocalZerocopy _zerocopy = new();

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
    public void Predict_should_not_write_over_its_input()
    {
        var file = _zerocopy.File("input.json");
        File.WriteAllText(file, "{}");

        _zerocopy.Run("predict", "any", "--input", file, "--output", Path.Combine(Path.GetDirectoryName(file)!, ".", "input.json"))
            .Failed(1, "is the input and the output; choose another --output");

        Assert.Equal("{}", File.ReadAllText(file));
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
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("input.csv")).Failed(1, ".npy");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("absent.npy")).Failed(1, "absent.npy");
        var nowhere = _zerocopy.File("nowhere/answer.safetensors");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("bad.json"), "--output", nowhere).Failed(1, $"no folder for '{nowhere}'");
        _zerocopy.Run("export", "any", "--output", nowhere).Failed(1, $"no folder for '{nowhere}'");
        var folder = Directory.CreateDirectory(_zerocopy.File("folder.safetensors")).FullName;
        _zerocopy.Run("predict", "any", "--input", folder).Failed(1, $"'{folder}' is a folder, and --input is one file.");
        _zerocopy.Run("predict", "any", "--input", _zerocopy.File("bad.json"), "--output", folder)
            .Failed(1, $"'{folder}' is a folder, and --output is one file.");
        _zerocopy.Run("export", "any", "--output", folder).Failed(1, $"'{folder}' is a folder, and --output is one file.");
    }

    [Fact]
    public void Predict_should_blame_the_input_only_for_what_it_causes()
    {
        ScriptText.Save(
            _zerocopy.File("raising.pt"),
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                ops.prim.RaiseException("The disk is full", "builtins.RuntimeError")
                return x
              def count(self: {ScriptText.Self}) -> Tensor:
                return torch.add(torch.ones([2]), torch.ones([3]))
            """);
        File.WriteAllText(_zerocopy.File("x.json"), "[1, 2]");
        _zerocopy.Run("put", _zerocopy.File("raising.pt"), "--name", "raising").Succeeded();

        var raised = _zerocopy.Run("predict", "raising", "--input", _zerocopy.File("x.json")).Failed(1, "The disk is full");
        var refused = _zerocopy.Run("predict", "raising", "--method", "count").Failed(1, "Check the shapes and types of the input.");

        Assert.DoesNotContain("shapes and types", raised.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--input", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_should_keep_what_a_script_prints_out_of_standard_output()
    {
        using var zerocopy = new Zerocopy();
        ScriptText.Save(
            zerocopy.File("print.pt"),
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                print("shape", torch.size(x))
                return torch.add(x, 1)
            """);
        File.WriteAllText(zerocopy.File("x.json"), "[1, 2]");
        zerocopy.RunInside("put", zerocopy.File("print.pt"), "--name", "print").Succeeded();

        var run = zerocopy.Run("predict", "print", "--input", zerocopy.File("x.json"), "--json").Succeeded();

        Assert.Equal("[2,3]", run.Json().GetProperty("output").GetProperty("data").GetRawText());
        Assert.Contains("shape [2]", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_should_take_every_kind_of_json_value_as_its_argument_is()
    {
        var predict = Script(
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor,
                t: float,
                n: int,
                z: complex,
                text: str,
                where: Device,
                tensors: List[Tensor],
                words: Dict[str, Tuple[int, List[str]]],
                flags: Optional[List[bool]],
                left: Optional[Tensor]=None,
                last: float=2.5) -> Dict[str, Tuple[Tensor, float, int, complex, str, Device, Tensor, int, str, bool, float]]:
                one, list, = words["a"]
                return {"{"}"all": (x, t, n, z, text, where, tensors[1], one, list[1], torch.__is__(flags, None), last){"}"}
            """);

        var answer = predict(
            """
            {"x": [1], "t": 1700000001.5, "n": 9007199254740993, "z": [1e300, "-Infinity"], "text": "ä\u0000", "where": "cpu",
             "tensors": [[1], {"dtype": "U8", "data": [[255]]}], "words": {"a": [1, ["b", "c"]]}, "flags": null, "last": 1e300}
            """).Succeeded().Json();

        Assert.Equal(
            [
                "I64 [1]", "F64 1700000001.5", "I64 9007199254740993", "C128 [1E+300,\"-Infinity\"]", "STR \"\\u00E4\\u0000\"",
                "STR \"cpu\"",
                "U8 [[255]]", "I64 1", "STR \"c\"", "BOOL true", "F64 1E+300",
            ],
            Enumerable.Range(0, 11).Select(index => answer.GetProperty($"all.{index}")).Select(
                value => $"{value.GetProperty("dtype").GetString()} {value.GetProperty("data").GetRawText()}"));
    }

    [Theory]
    [InlineData("""{"t": 1e400}""", "'t' must be float, and the input has 1e400")]
    [InlineData("""{"t": "1.5"}""", "'t' must be float")]
    [InlineData("""{"t": true}""", "'t' must be float")]
    [InlineData("""{"t": null}""", "'t' must be float, and the input has null")]
    [InlineData("""{"t": [1, 2]}""", "'t' must be float")]
    [InlineData("""{"t": 1, "n": 1.0}""", "'n' must be int, and the input has 1.0")]
    [InlineData("""{"t": 1, "n": 9223372036854775808}""", "'n' must be int")]
    [InlineData("""{"t": 1, "pair": [1]}""", "'pair' must be Tuple[int, str]")]
    [InlineData("""{"t": 1, "pair": [1, 2]}""", "'pair' must be str, and the input has 2")]
    [InlineData("""{"t": 1, "keys": {"one": 1}}""", "'one' is no key of 'keys', whose keys are int")]
    [InlineData("""{"t": 1, "keys": {"1": 1, "01": 1}}""", "'01' stands in 'keys' twice")]
    [InlineData("""{"t": 1, "odd": 1}""", "'odd' is of the type Color, of which no value")]
    [InlineData("""{"t": 1, "T": 1}""", "has 'T', which the model does not take")]
    public void Predict_should_refuse_a_json_value_that_its_argument_is_not(string input, string problem)
    {
        var predict = Script(
            $"""
              def forward(self: {ScriptText.Self},
                t: float,
                n: int=1,
                pair: Optional[Tuple[int, str]]=None,
                keys: Optional[Dict[int, int]]=None,
                odd: Optional[__torch__.Color]=None) -> float:
                return t
            """);

        predict(input).Failed(1, problem.Replace("Color", "__torch__.Color", StringComparison.Ordinal));
    }

    [Fact]
    public void Predict_should_say_which_files_hold_no_text()
    {
        var predict = Script(
            $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tuple[Tensor, str]:\n    return (x, \"a\")");

        predict("[1]", "--output", _zerocopy.File("out.npy")).Failed(1, "'output_1' is a text", ".json");
        predict("[1]", "--output", _zerocopy.File("out.safetensors")).Failed(1, "'output_1' is a text", ".json");
        var run = predict("[1]", "--output", _zerocopy.File("out.json")).Succeeded();
        Assert.Contains("output_0 I64[1], output_1 STR", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_should_refuse_several_tensors_of_a_safetensors_file_that_no_name_binds()
    {
        Script(
            $"""
              def forward(self: {ScriptText.Self},
                minuend: Tensor,
                subtrahend: Tensor) -> Tensor:
                return torch.sub(minuend, subtrahend)
            """);
        var one = HostTensor.From<float>(DType.Float32, [1]);
        var ten = HostTensor.From<float>(DType.Float32, [10]);

        Predict("query", "key").Failed(1, "'key'", "'query'", "'minuend', 'subtrahend'", "INPUT__0");
        Predict("minuend", "key").Failed(1, "has 'key'", "lacks 'subtrahend'", "'minuend', 'subtrahend'");
        Assert.Equal(9, Predict("minuend", "subtrahend").Succeeded().Json().GetProperty("output").GetProperty("data").GetDouble());
        Assert.Equal(-9, Predict("INPUT__1", "INPUT__0").Succeeded().Json().GetProperty("output").GetProperty("data").GetDouble());

        Run Predict(string first, string second)
        {
            TensorFile.Write(_zerocopy.File("in.safetensors"), [new NamedTensor(first, ten), new NamedTensor(second, one)]);
            return _zerocopy.Run("predict", "script", "--input", _zerocopy.File("in.safetensors"), "--json");
        }
    }

    [Theory]
    [InlineData("torch.to_sparse(x)")]
    [InlineData("torch.to_mkldnn(x)")]
    [InlineData("torch.quantize_per_tensor(x, 0.5, 0, 12)")]
    public void Predict_should_answer_with_a_dense_tensor_whatever_the_layout(string answer)
    {
        var predict = Script($"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    return {answer}");

        var output = predict("[[0.5, 0], [0, 1.0]]").Succeeded().Json().GetProperty("output");

        Assert.Equal("F32", output.GetProperty("dtype").GetString());
        Assert.Equal("[[0.5,0],[0,1]]", output.GetProperty("data").GetRawText());
    }

    private Predicting Script(string methods)
    {
        ScriptText.Save(_zerocopy.File("script.pt"), methods, "class Color(Enum):\n  RED = 1\n");
        _zerocopy.Run("put", _zerocopy.File("script.pt"), "--name", "script").Succeeded();
        return (input, options) =>
        {
            File.WriteAllText(_zerocopy.File("input.json"), input);
            return _zerocopy.Run(["predict", "script", "--input", _zerocopy.File("input.json"), .. options]);
        };
    }

    private delegate Run Predicting(string input, params string[] options);

    private static string Shared(string name)
    {
        Skip.If(RepositoryRoot.SharedData is null, "The folder with models written by PyTorch is absent.");
        return Path.Combine(RepositoryRoot.SharedData!, name);
    }

    private void Write(string file, IReadOnlyList<NamedTensor> tensors) => TensorFile.Write(_zerocopy.File(file), tensors);

    private static Dictionary<string, HostTensor> Tensors(string path) => TensorFileReading.Tensors(path).ToDictionary(
        tensor => tensor.Name!, tensor => tensor.Tensor);

    private static void AssertClose(HostTensor expected, HostTensor actual)
    {
        Assert.Equal(expected.Layout, actual.Layout);
        var (left, right) = (expected.Values<float>().ToArray(), actual.Values<float>().ToArray());
        Assert.All(left.Zip(right), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Tolerance));
    }
}
