using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Catalog;

public sealed class ModelAssemblySpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ModelCatalog_should_build_a_type_of_an_assembly_that_nobody_references()
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        using var runtime = new TorchRuntime(store, new ModelCatalog().RegisterFrom(OwnModels.Path));
        var folder = Directory.CreateDirectory(_directory.File("model")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "own-linear", "inputs": 2, "outputs": 1}""");
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [
                KeyValuePair.Create("layer.weight", HostTensor.From<float>(DType.Float32, [1, 2], 1, 2)),
                KeyValuePair.Create("layer.bias", HostTensor.From<float>(DType.Float32, [3], 1)),
            ]);

        using var instance = await runtime.OpenAny(await runtime.PutFileAsync(folder)).RentAsync();
        using var answer = (Tensor)instance.Run((module, _) => ((Module<Tensor, Tensor>)module).call(ones(1, 2)), null)!;

        Assert.Equal("OwnLinear", instance.Target.GetType().Name);
        Assert.Equal([6f], answer.data<float>().ToArray());
    }

    [Fact]
    public void ModelCatalog_should_take_an_assembly_once_and_into_several_catalogs()
    {
        var catalog = new ModelCatalog().RegisterFrom(OwnModels.Path).RegisterFrom(OwnModels.Path);

        Assert.Equal(["own-counter", "own-linear", "own-once", "own-pair"], catalog.Keys);
        Assert.Equal(["own-counter", "own-linear", "own-once", "own-pair"], new ModelCatalog().RegisterFrom(OwnModels.Path).Keys);
    }

    [Fact]
    public void ModelCatalog_should_say_which_assembly_is_not_there()
    {
        var refused = Refuse("nowhere/models.dll");

        Assert.Contains("'nowhere/models.dll'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(AppContext.BaseDirectory, "nowhere/models.dll"), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelCatalog_should_refuse_a_file_that_is_no_assembly()
    {
        File.WriteAllText(_directory.File("models.dll"), "text");

        Assert.Contains("is no .NET assembly", Refuse(_directory.File("models.dll")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelCatalog_should_refuse_an_assembly_without_model_types()
    {
        var refused = Refuse(typeof(Assert).Assembly.Location);

        Assert.Contains("xunit.assert.dll' brings no model types", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ZeroCopy.Torch.Catalog.IModelTypes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelCatalog_should_refuse_an_assembly_whose_key_is_taken()
    {
        var catalog = new ModelCatalog().Register<Module<Tensor, Tensor>, object>("own-linear", (_, _) => Linear(1, 1));

        var refused = Assert.Throws<ModelAssemblyException>(() => catalog.RegisterFrom(OwnModels.Path));

        Assert.Contains("OwnModelTypes", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'own-linear' already", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ZeroCopy.Akka.Torch")]
    [InlineData("TorchSharp")]
    public void ModelCatalog_should_refuse_an_assembly_that_was_built_with_a_newer_version(string library)
    {
        var path = _directory.File($"future-{library}.dll");
        WriteAssembly(path, library, new Version(99, 0, 0, 0));

        var refused = Refuse(path);

        Assert.Contains($"was built with {library} 99.0.0.0, and this program has ", refused.Message, StringComparison.Ordinal);
    }

    private static ModelAssemblyException Refuse(string path) =>
        Assert.Throws<ModelAssemblyException>(() => new ModelCatalog().RegisterFrom(path));

    /// <summary>An assembly that has a reference and nothing else.</summary>
    private static void WriteAssembly(string path, string reference, Version version)
    {
        var metadata = new MetadataBuilder();
        var name = metadata.GetOrAddString(Path.GetFileNameWithoutExtension(path));
        metadata.AddAssembly(name, new Version(1, 0, 0, 0), default, default, default, AssemblyHashAlgorithm.None);
        metadata.AddModule(0, metadata.GetOrAddString(Path.GetFileName(path)), metadata.GetOrAddGuid(Guid.NewGuid()), default, default);
        metadata.AddAssemblyReference(metadata.GetOrAddString(reference), version, default, default, default, default);
        metadata.AddTypeDefinition(
            default,
            default,
            metadata.GetOrAddString("<Module>"),
            default,
            MetadataTokens.FieldDefinitionHandle(1),
            MetadataTokens.MethodDefinitionHandle(1));
        var image = new BlobBuilder();
        new ManagedPEBuilder(
            PEHeaderBuilder.CreateLibraryHeader(), new MetadataRootBuilder(metadata), new BlobBuilder()).Serialize(image);
        File.WriteAllBytes(path, image.ToArray());
    }
}
