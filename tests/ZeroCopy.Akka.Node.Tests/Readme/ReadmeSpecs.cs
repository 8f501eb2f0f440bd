using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using ZeroCopy.Hosting;
using ZeroCopy.Manifests;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Safetensors;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Node.Tests.Readme;

public sealed class ReadmeSpecs : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ZeroCopyHost _host;

    public ReadmeSpecs() => _host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = StoreOptions });

    private ObjectStoreOptions StoreOptions => new() { Directory = _directory.File("store") };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public void Documents_should_show_the_examples_word_for_word()
    {
        var documents = string.Join('\n', Documents.All.Select(File.ReadAllText));
        var examples = Documents.Examples("tests", "ZeroCopy.Akka.Node.Tests", "Readme", "ReadmeExamples.cs");

        Assert.Equal(15, examples.Count);
        Assert.All(examples, example => Assert.Contains(example, documents, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Readme_examples_should_answer_as_a_direct_call_does()
    {
        using var classifier = Sequential(("first", Linear(8, 4)), ("act", ReLU()), ("second", Linear(4, 2)));
        using var input = rand(3, 8);
        using var expected = classifier.call(input);

        AssertEqual(expected, await ReadmeExamples.CallTask(_host, classifier, input));
        AssertEqual(expected, await ReadmeExamples.AskActor(_host, classifier, input));
        var wrapper = await ModelWrapper.FromModelAsync(classifier, host: _host);
        AssertEqual(expected, await ReadmeExamples.CallPool(_host, wrapper, input));
    }

    [Fact]
    public async Task Readme_example_should_call_a_pool_by_its_name_with_named_tensors()
    {
        using var classifier = Sequential(("first", Linear(8, 4)), ("act", ReLU()), ("second", Linear(4, 2)));
        float[] row = [1, 2, 3, 4, 5, 6, 7, 8];
        using var input = tensor(row).reshape(1, 8);
        using var expected = classifier.call(input);
        var wrapper = await ModelWrapper.FromModelAsync(classifier, host: _host);
        await using var pool = await _host.StartPoolAsync(
            "classifier", wrapper, (Module<Tensor, Tensor> model, Tensor batch) => model.call(batch));

        using var scores = tensor(await ReadmeExamples.CallEndpoint(_host, row)).reshape(1, 2);
        AssertEqual(expected, scores);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => ReadmeExamples.CallEndpoint(_host, row[1..]));
        Assert.Contains("shapes cannot be multiplied", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readme_examples_should_end_in_a_failure_where_an_input_does_not_fit()
    {
        using var classifier = Sequential(("first", Linear(8, 4)), ("act", ReLU()), ("second", Linear(4, 2)));
        using Module<Tensor, Tensor> head = Linear(2, 2);
        using var input = rand(3, 7);
        var wrapper = await ModelWrapper.FromModelAsync(classifier, host: _host);

        foreach (var example in new Func<Task>[]
        {
            () => ReadmeExamples.CallTask(_host, classifier, input),
            () => ReadmeExamples.AskActor(_host, classifier, input),
            () => ReadmeExamples.CallPool(_host, wrapper, input),
            () => ReadmeExamples.MapBatches(wrapper, new[] { new float[7] }.ToAsyncEnumerable()),
            () => ReadmeExamples.RunPipeline(_host, classifier, head, input),
        })
        {
            var failure = await Assert.ThrowsAnyAsync<Exception>(example);
            Assert.Contains("shapes cannot be multiplied", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Readme_example_should_map_a_data_set()
    {
        using Module<Tensor, Tensor> classifier = Linear(8, 4);
        using var rows = rand(70, 8);
        using var expected = classifier.call(rows).argmax(1);
        var data = Enumerable.Range(0, 70).Select(row => rows[row].data<float>().ToArray()).ToAsyncEnumerable();

        var answers = await ReadmeExamples.MapBatches(await ModelWrapper.FromModelAsync(classifier, host: _host), data);

        Assert.Equal(expected.data<long>().ToArray(), answers);
    }

    [Fact]
    public async Task Readme_example_should_run_a_pipeline()
    {
        using Module<Tensor, Tensor> encoder = Linear(8, 4);
        using Module<Tensor, Tensor> head = Linear(4, 2);
        using var input = rand(3, 8);
        using var expected = head.call(encoder.call(input));

        AssertEqual(expected, await ReadmeExamples.RunPipeline(_host, encoder, head, input));
    }

    [SkippableFact]
    public async Task Readme_example_should_call_a_script()
    {
        Skip.If(RepositoryRoot.SharedData is null, "The folder with models written by PyTorch is absent.");
        using var window = rand(1, 512);
        var path = Path.Combine(RepositoryRoot.SharedData!, "detector", "detector.pt");
        using var answer = await ReadmeExamples.CallScript(_host, path, window);
        Assert.Equal([1, 1], answer.shape);
    }

    [Fact]
    public async Task Readme_example_should_serve_the_models_of_a_web_application()
    {
        var script = _directory.File("double.pt");
        ScriptText.Save(script, $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    return x * 2\n");
        await _host.Runtime.PutFileAsync(script, new PutOptions { Name = new ModelName("double") });
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAkka("inference", akka => akka
            .AddHocon($$"""zerocopy.object-store.directory = "{{StoreOptions.Directory}}" """, HoconAddMode.Prepend).WithZeroCopyHost());

        await using var application = ReadmeExamples.ServeOverHttp(builder);
        await application.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(application.Urls.First()) };
        using var answer = await client.PostAsync(
            "/v2/models/double/infer",
            new StringContent("""{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,2]}]}"""));

        Assert.Contains("\"data\":[2,4]", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Readme_example_should_send_files_through_a_model()
    {
        using var zerocopy = new Zerocopy();
        ScriptText.Save(
            zerocopy.File("classifier.pt"), $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    return x * 2\n");
        File.WriteAllLines(zerocopy.File("part-1.csv"), ["id,a,b", "one,1,2", "two,3,4"]);
        File.WriteAllLines(zerocopy.File("part-2.csv"), ["id,a,b", "three,5,6"]);

        foreach (var command in Documents.Commands("README.md", "## Send files through it"))
        {
            zerocopy.Run([.. command.Split(' ').Skip(1).Select(word => word.Trim('\''))]).Succeeded();
        }

        zerocopy.Run("batch", "classifier", "--input", "answers.parquet", "--output", "again.jsonl", "--column", "output", "--keep", "id")
            .Succeeded();
        Assert.Equal(
            ["""{"id":"one","output":[4,8]}""", """{"id":"two","output":[12,16]}""", """{"id":"three","output":[20,24]}"""],
            File.ReadLines(zerocopy.File("again.jsonl")));
    }

    [Fact]
    public async Task Readme_example_should_register_a_type()
    {
        var folder = Directory.CreateDirectory(_directory.File("mine")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "my-classifier", "inputs": 2, "outputs": 1}""");
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [
                KeyValuePair.Create("layer.weight", HostTensor.From<float>(DType.Float32, [1, 2], 1, 2)),
                KeyValuePair.Create("layer.bias", HostTensor.From<float>(DType.Float32, [3], 1)),
            ]);

        Assert.Equal("mine@1", (await ReadmeExamples.PutOwnType(StoreOptions, folder)).ToString());
    }

    [Fact]
    public void Readme_example_should_bring_model_types()
    {
        var catalog = new ModelCatalog();

        new ReadmeExamples.MyModels().Register(catalog);

        Assert.Equal(["my-classifier"], catalog.Keys);
    }

    [Fact]
    public async Task Readme_example_should_serve_a_pool_from_an_application()
    {
        var catalog = new ModelCatalog().Register<ReadmeExamples.Classifier, ReadmeExamples.ClassifierConfiguration>(
            "my-classifier", (configuration, build) => new ReadmeExamples.Classifier(configuration, build.Device));
        using var classifier = new ReadmeExamples.Classifier(new ReadmeExamples.ClassifierConfiguration(8, 2), CPU);
        await _host.Runtime.PutAsync(classifier, new PutModuleOptions
        {
            Recipe = new Recipe.Catalog("my-classifier", """{"inputs": 8, "outputs": 2}"""),
            Put = new PutOptions { Name = new ModelName("mine") },
        });
        var settings = _directory.File("node.conf");
        File.WriteAllText(settings, $$"""
            zerocopy { object-store.directory = "{{StoreOptions.Directory}}", inference.pools.mine.size = 2 }
            """);
        using var input = rand(3, 8);
        using var expected = classifier.call(input);

        AssertEqual(expected, await ReadmeExamples.AskHosted(settings, catalog, input));
    }

    // Within a millionth: a pool's models compute with other numbers of threads than a direct call.
    private static void AssertEqual(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(expected.allclose(actual, rtol: 1e-6, atol: 1e-6));
        actual.Dispose();
    }
}
