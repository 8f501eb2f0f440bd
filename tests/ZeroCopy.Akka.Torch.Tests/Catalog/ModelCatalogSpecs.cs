using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Catalog;

/// <summary>Model types of a user's own, from a folder to an answer.</summary>
public sealed class ModelCatalogSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;
    private readonly TorchRuntime _runtime;

    public ModelCatalogSpecs()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _runtime = new TorchRuntime(
            _store, new ModelCatalog().Register<Bag, BagConfiguration>("bag", (configuration, build) => new Bag(configuration, build)));
    }

    public void Dispose()
    {
        _runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task ModelCatalog_should_build_a_registered_type_around_the_weights_of_a_folder()
    {
        var handle = await _runtime.PutFileAsync(Folder("""{"model_type": "bag", "words": 3, "width": 2, "note": [1]}"""));

        using var instance = await _runtime.OpenAny(handle).RentAsync();
        using var answer = (Tensor)instance.Run((bag, _) => ((Bag)bag).call(tensor(new long[] { 2, 1 })), null)!;

        // Rows (5, 6) and (3, 4), times the stored factor of 10.
        Assert.Equal([50f, 60, 30, 40], answer.data<float>().ToArray());
    }

    [Fact]
    public async Task ModelCatalog_should_hold_configurations_for_the_same_model_when_only_their_white_space_differs() => Assert.Equal(
        (await _runtime.PutFileAsync(Folder("""{"model_type":"bag","words":3,"width":2}"""))).Id,
        (await _runtime.PutFileAsync(Folder("""{ "model_type": "bag", "words": 3, "width": 2 }"""))).Id);

    [Theory]
    [InlineData("""{"model_type": "bag", "words": 3}""", "width")]
    [InlineData("""{"model_type": "bag", "words": 3, "width": null}""", "width")]
    [InlineData("""{"model_type": "bag", "words": "three", "width": 2}""", "words")]
    [InlineData("""{"model_type": "bag", "words": 4, "width": 2}""", "4 words")]
    [InlineData("""{"model_type": "bag", "words": 3, "width": 3}""", "table.weight has shape [3, 2] in the module and [3, 3] in the model")]
    [InlineData("""{"model_type": "bags", "words": 3, "width": 2}""", "'bags' is not registered here; known: bag")]
    public async Task PutFile_should_refuse_what_could_never_be_built_and_leave_the_store_clean(string configuration, string reason)
    {
        var refused = await Assert.ThrowsAsync<InvalidModelException>(
            () => _runtime.PutFileAsync(Folder(configuration, columns: reason.Contains("table") ? 3 : 2)));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_directory.File("bag"), refused.Message, StringComparison.Ordinal);
        Assert.Empty(_store.List());
        Assert.Equal(0, _store.GetStatistics().UsedBytes);
    }

    private string Folder(string configuration, int columns = 2)
    {
        var folder = Directory.CreateDirectory(_directory.File("bag")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), configuration);
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [
                KeyValuePair.Create(
                    "table.weight", HostTensor.From<float>(DType.Float32, [.. Enumerable.Range(1, 3 * columns)], 3, columns)),
                KeyValuePair.Create("factor", HostTensor.From<float>(DType.Float32, [10], 1)),
            ]);
        return folder;
    }

    private sealed record BagConfiguration(
        [property: System.Text.Json.Serialization.JsonPropertyName("words")] int Words,
        [property: System.Text.Json.Serialization.JsonPropertyName("width")] int Width);

    /// <summary>Rows of a table, built around the stored one, times a factor that the factory reads.</summary>
    private sealed class Bag : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _table;
        private readonly float _factor;

        public Bag(BagConfiguration configuration, ModelBuild build)
            : base(nameof(Bag))
        {
            var table = build.Tensor("table.weight");
            if (table.shape[0] != configuration.Words)
            {
                throw new ArgumentException($"The table has not {configuration.Words} words.");
            }

            _table = Embedding_from_pretrained(table.narrow(1, 0, 2));
            _factor = build.Tensor("factor").item<float>();
            register_module("table", _table);
            register_buffer("factor", empty(1, dtype: build.ElementType("factor"), device: build.Device));
        }

        public override Tensor forward(Tensor input) => _table.call(input) * _factor;
    }
}
