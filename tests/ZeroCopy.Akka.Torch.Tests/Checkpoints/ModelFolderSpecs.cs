using System.Text.Json.Serialization;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Checkpoints;

/// <summary>Folders of model types that bring the names of their checkpoints along.</summary>
public sealed class ModelFolderSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;

    public ModelFolderSpecs() => _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Put_should_take_the_names_of_a_type_that_an_assembly_brings_with_an_adapter()
    {
        using var runtime = new TorchRuntime(_store, new ModelCatalog().RegisterFrom(OwnModels.Path));

        var handle = await runtime.PutFileAsync(Folder("own-pair"));

        using var instance = await runtime.OpenAny(handle).RentAsync();
        using var answer = (Tensor)instance.Run((module, _) => ((Module<Tensor, Tensor>)module).call(ones(1, 2)), null)!;
        Assert.Equal([6f, 6f], answer.data<float>().ToArray());
        var manifest = _store.ReadManifest(handle.Id);
        Assert.Equal(["first.weight", "second.weight"], manifest.Tensors.Select(tensor => tensor.Name).Order());
        Assert.Equal("head.kernel", manifest.Metadata[ModelMetadata.LeftOut]);
    }

    [Fact]
    public async Task Put_should_build_the_module_from_the_configuration_that_the_adapter_makes()
    {
        var catalog = Catalog(checkpoint => checkpoint.Rename(name => name == "head.kernel" ? "weight" : null) with
        {
            Configuration = """{"width": 2}""",
        });
        using var runtime = new TorchRuntime(_store, catalog);

        var handle = await runtime.PutFileAsync(Folder("renamed"));

        Assert.Equal("""{"width": 2}""", Assert.IsType<Recipe.Catalog>(_store.ReadManifest(handle.Id).Recipe).Configuration);
    }

    [Fact]
    public async Task Put_should_refuse_a_folder_and_leave_the_store_clean_when_its_adapter_fails()
    {
        using var runtime = new TorchRuntime(_store, Catalog(_ => throw new FormatException("there is no shard 7")));
        var folder = Folder("renamed");

        var refused = await Assert.ThrowsAsync<InvalidModelException>(() => runtime.PutFileAsync(folder));

        Assert.Contains(
            $"{folder}: the adapter of model type 'renamed' fails: there is no shard 7", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_store.List());
    }

    private static ModelCatalog Catalog(Func<ModelCheckpoint, ModelCheckpoint> adapt) => new ModelCatalog().Register<Layer, Width>(
        "renamed", (configuration, build) => new Layer(configuration.Size, build.Device), adapt);

    private string Folder(string type)
    {
        var folder = Directory.CreateDirectory(_directory.File(type)).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{"model_type": "{{type}}", "d_model": 2}""");
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [
                KeyValuePair.Create("pair.layers.0.kernel", HostTensor.From<float>(DType.Float32, [1, 0, 0, 2], 2, 2)),
                KeyValuePair.Create("pair.layers.1.kernel", HostTensor.From<float>(DType.Float32, [2, 2, 2, 2], 2, 2)),
                KeyValuePair.Create("head.kernel", HostTensor.From<float>(DType.Float32, [0, 0, 0, 0], 2, 2)),
            ]);
        return folder;
    }

    private sealed record Width([property: JsonPropertyName("width")] int Size);

    private sealed class Layer : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Parameter _weight;

        public Layer(int width, Device device)
            : base(nameof(Layer))
        {
            _weight = Parameter(zeros(width, width, device: device));
            register_parameter("weight", _weight);
        }

        public override Tensor forward(Tensor input) => input.matmul(_weight);
    }
}
