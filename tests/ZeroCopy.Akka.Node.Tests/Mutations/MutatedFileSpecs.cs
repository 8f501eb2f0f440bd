using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using TorchSharp;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Node.Tests.TensorFiles;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Node.Tests.Mutations;

/// <summary>
/// Random mutations of good files of every kind: each is refused in one line and leaves nothing, or is taken for exactly what it says. A
/// failure prints the seed that repeats it. With <c>ZEROCOPY_SOAK=1</c> four times as many.
/// </summary>
public sealed class MutatedFileSpecs : IDisposable
{
    private static readonly BertConfiguration Sizes = new()
    {
        VocabularySize = 8,
        HiddenSize = 4,
        Layers = 1,
        Heads = 2,
        IntermediateSize = 3,
        MaxPositions = 5,
    };

    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public void Put_should_refuse_or_hold_exactly_any_mutation_of_a_safetensors_file()
    {
        SafetensorsWriter.Write(
            _zerocopy.File("good.safetensors"),
            [
                KeyValuePair.Create("a.weight", HostTensor.From<float>(DType.Float32, [1, 2, 3, 4], 2, 2)),
                KeyValuePair.Create("b", HostTensor.From<long>(DType.Int64, [5], 1)),
            ],
            new Dictionary<string, string> { ["format"] = "pt" });

        PutMutations("good.safetensors", "bad.safetensors", PlainReaders.Safetensors);
    }

    [Fact]
    public void Put_should_refuse_or_hold_exactly_any_mutation_of_a_dat_file()
    {
        using var module = torch.nn.Linear(2, 3);
        module.save(_zerocopy.File("good.dat"));

        PutMutations("good.dat", "bad.dat", PlainReaders.Dat);
    }

    [Theory]
    [InlineData("data.pkl")]
    [InlineData("constants.pkl")]
    [InlineData("code/__torch__/___torch_mangle_30.py")]
    [InlineData("code/__torch__/___torch_mangle_30.py.debug_pkl")]
    [InlineData("version")]
    public void Put_and_predict_should_refuse_or_run_any_mutation_of_a_record_of_a_script(string record)
    {
        var input = Image();
        var good = new ScriptFile(Script).Read(record);
        var path = _zerocopy.File("bad.pt");
        Mutation.Of(good).Sample(
            bytes =>
            {
                var file = new ScriptFile(Script);
                file.Write(record, bytes);
                file.Save(path);
                if (Put("bad.pt") is null)
                {
                    return;
                }

                var predict = _zerocopy.Run("predict", "model", "--input", input);
                if (predict.ExitCode != 0)
                {
                    predict.Failed(1, "model@1");
                    Assert.DoesNotContain("This is a bug", predict.Error, StringComparison.Ordinal);
                }

                Remove();
            },
            iter: Iterations(100),
            threads: 1);
    }

    [Fact]
    public void Put_should_refuse_any_mutation_of_a_script_or_give_the_same_answer()
    {
        var input = Image();
        var good = File.ReadAllBytes(Script);
        File.WriteAllBytes(_zerocopy.File("good.pt"), good);
        Assert.NotNull(Put("good.pt"));
        var expected = _zerocopy.Run("predict", "model", "--input", input).Succeeded().Output;
        Remove();
        Mutation.Of(good).Sample(
            bytes =>
            {
                File.WriteAllBytes(_zerocopy.File("bad.pt"), bytes);
                if (Put("bad.pt") is not null)
                {
                    Assert.Equal(expected, _zerocopy.Run("predict", "model", "--input", input).Succeeded().Output);
                    Remove();
                }
            },
            iter: Iterations(100),
            threads: 1);
    }

    [Fact]
    public void Put_should_refuse_any_mutation_of_an_index_or_put_the_same_model()
    {
        Bert(sharded: true);
        var index = Path.Combine(_zerocopy.File("bert"), "model.safetensors.index.json");
        var good = File.ReadAllBytes(index);
        var expected = Put("bert")!;
        Mutation.Of(good).Sample(
            bytes =>
            {
                File.WriteAllBytes(index, bytes);
                Assert.Equal(expected, Put("bert") ?? expected);
            },
            iter: Iterations(100),
            threads: 1);
    }

    [Fact]
    public void Put_should_refuse_any_mutation_of_a_configuration_or_build_what_it_says()
    {
        Bert(sharded: false);
        var configuration = Path.Combine(_zerocopy.File("bert"), "config.json");
        File.WriteAllText(_zerocopy.File("ids.json"), "[[1, 7, 2]]");
        var defaults = JsonSerializer.SerializeToNode(new BertConfiguration())!;
        var sizes = JsonSerializer.SerializeToNode(Sizes)!;
        string[] fixedByWeights =
            ["vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size", "max_position_embeddings", "type_vocab_size"];
        Mutation.Of(File.ReadAllBytes(configuration)).Sample(
            bytes =>
            {
                File.WriteAllBytes(configuration, bytes);
                if (Put("bert") is null)
                {
                    return;
                }

                var said = JsonNode.Parse(bytes)!;
                Assert.Equal("bert", (string?)said["model_type"]);
                Assert.All(fixedByWeights, member => Assert.Equal((int)sizes[member]!, (int)(said[member] ?? defaults[member])!));
                var answer = _zerocopy.Run("predict", "model", "--input", _zerocopy.File("ids.json")).Succeeded().Json();
                Assert.Equal(["last_hidden_state", "pooler_output"], answer.EnumerateObject().Select(output => output.Name));
                Remove();
            },
            iter: Iterations(100),
            threads: 1);
    }

    [Fact]
    public void Predict_should_refuse_or_read_exactly_any_mutation_of_a_npy_file()
    {
        Bert(sharded: false);
        Assert.NotNull(Put("bert"));
        TensorFile.Write(_zerocopy.File("good.npy"), [new NamedTensor("", HostTensor.From<long>(DType.Int64, [1, 7, 2, 0], 2, 2))]);
        var path = _zerocopy.File("bad.npy");
        Mutation.Of(File.ReadAllBytes(_zerocopy.File("good.npy"))).Sample(
            bytes =>
            {
                File.WriteAllBytes(path, bytes);
                // Of the two orders that the reader turns, and of types without a sign and other words of Python, other specs tell.
                if (Read(path) is { } tensors && !bytes.AsSpan().ContainsAny(">TuL\f"u8))
                {
                    Assert.Equal(PlainReaders.Npy(bytes), Text(Assert.Single(tensors)));
                }

                Predict(path);
            },
            iter: Iterations(150),
            threads: 1);
    }

    [Fact]
    public void Predict_should_refuse_or_read_exactly_any_mutation_of_a_json_file()
    {
        Bert(sharded: false);
        Assert.NotNull(Put("bert"));
        var path = _zerocopy.File("bad.json");
        var good = """
            {"input_ids": {"dtype": "I64", "shape": [1, 3], "data": [[1, 7, 2]]}, "attention_mask": [[true, true, false]],
             "token_type_ids": [[0, 1, 1]]}
            """u8.ToArray();
        Mutation.Of(good).Sample(
            bytes =>
            {
                File.WriteAllBytes(path, bytes);
                if (Read(path) is { } tensors)
                {
                    var expected = PlainReaders.JsonNumbers(JsonNode.Parse(bytes));
                    Assert.Equal(expected, tensors.SelectMany(Values));
                }

                Predict(path);
            },
            iter: Iterations(150),
            threads: 1);
    }

    [Fact]
    public void Predict_should_refuse_or_read_exactly_any_mutation_of_a_safetensors_file()
    {
        Bert(sharded: false);
        Assert.NotNull(Put("bert"));
        var path = _zerocopy.File("bad.safetensors");
        TensorFile.Write(path, [new NamedTensor("input_ids", HostTensor.From<long>(DType.Int64, [1, 7, 2, 0], 2, 2))]);
        Mutation.Of(File.ReadAllBytes(path)).Sample(
            bytes =>
            {
                File.WriteAllBytes(path, bytes);
                if (Read(path) is { } tensors)
                {
                    Assert.Equal(PlainReaders.Safetensors(bytes), tensors.Select(Text).Order(StringComparer.Ordinal));
                }

                Predict(path);
            },
            iter: Iterations(150),
            threads: 1);
    }

    private static int Iterations(int soak) => Soak.IsOn ? soak : soak / 4;

    // A frozen one, so that there are constants.
    private static string Script =>
        Path.Combine(RepositoryRoot.Path, "tests", "ZeroCopy.Akka.Torch.Tests", "Script", "Fixtures", "frozen.pt");

    private string Image()
    {
        File.WriteAllText(
            _zerocopy.File("image.json"),
            """{"dtype": "F32", "shape": [1, 1, 4, 4], "data": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}""");
        return _zerocopy.File("image.json");
    }

    private void PutMutations(string good, string bad, Func<byte[], List<string>> read)
    {
        var exported = _zerocopy.File("exported.safetensors");
        Mutation.Of(File.ReadAllBytes(_zerocopy.File(good))).Sample(
            bytes =>
            {
                File.WriteAllBytes(_zerocopy.File(bad), bytes);
                if (Put(bad) is null)
                {
                    return;
                }

                _zerocopy.Run("export", "model", "--output", exported).Succeeded();
                Assert.Equal(read(bytes), PlainReaders.Safetensors(File.ReadAllBytes(exported)));
                Remove();
            },
            iter: Iterations(100),
            threads: 1);
    }

    /// <summary>The model's id; null where the put was refused as it should be.</summary>
    private string? Put(string name)
    {
        var put = _zerocopy.Run("put", _zerocopy.File(name), "--name", "model", "--json");
        if (put.ExitCode == 0)
        {
            return put.Json().GetProperty("id").GetString();
        }

        put.Failed(1, name);
        Assert.DoesNotContain("This is a bug", put.Error, StringComparison.Ordinal);
        return null;
    }

    private void Remove()
    {
        _zerocopy.Run("rm", "model").Succeeded();
        _zerocopy.Run("store", "gc").Succeeded();
        _zerocopy.AssertEmptyStore();
    }

    private void Predict(string path)
    {
        var predict = _zerocopy.Run("predict", "model", "--input", path);
        if (predict.ExitCode != 0)
        {
            predict.Failed(1, Path.GetFileName(path));
            Assert.DoesNotContain("This is a bug", predict.Error, StringComparison.Ordinal);
        }
    }

    private void Bert(bool sharded)
    {
        using var bert = new BertModel(Sizes);
        var folder = Directory.CreateDirectory(_zerocopy.File("bert")).FullName;
        var configuration = JsonSerializer.SerializeToNode(Sizes)!;
        configuration["model_type"] = "bert";
        File.WriteAllText(Path.Combine(folder, "config.json"), configuration.ToJsonString());
        var tensors = bert.state_dict().Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToHost())).ToList();
        if (!sharded)
        {
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
            return;
        }

        var map = new JsonObject();
        foreach (var (shard, part) in tensors.Chunk(12).Index().Select(part => ($"model-{part.Index}.safetensors", part.Item)))
        {
            SafetensorsWriter.Write(Path.Combine(folder, shard), part);
            foreach (var (name, _) in part)
            {
                map[name] = shard;
            }
        }

        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    /// <summary>The tensors; null where the file was refused as it should be.</summary>
    private static IReadOnlyList<NamedTensor>? Read(string path)
    {
        try
        {
            return TensorFileReading.Tensors(path);
        }
        catch (Exception refused) when (refused is TensorFileException or Datasets.DatasetException or Errors.InvalidModelException)
        {
            Assert.Contains(Path.GetFileName(path), refused.Message, StringComparison.Ordinal);
            return null;
        }
    }

    private static string Text(NamedTensor tensor) => PlainReaders.Text(
        tensor.Name ?? "", tensor.Tensor.Layout.DType.ToToken(), tensor.Tensor.Layout.Shape, tensor.Tensor.Data.Span);

    private static IEnumerable<double> Values(NamedTensor tensor)
    {
        using var elements = tensor.Tensor.ToTorch();
        using var doubles = elements.to(torch.float64);
        return doubles.data<double>().ToArray();
    }
}
