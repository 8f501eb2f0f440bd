using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Hosting;
using Akka.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Hosting;
using ZeroCopy.Manifests;
using ZeroCopy.Serving;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Script;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Node.Tests.Readme;

/// <summary>The README's examples, word for word between the markers.</summary>
internal static class ReadmeExamples
{
    public static async Task<Tensor> CallTask(ZeroCopyHost host, Module<Tensor, Tensor> classifier, Tensor input)
    {
        // example: tasks
        var tasks = await ModelWrapper.ForTasksAsync(classifier, host: host);
        var answer = await tasks.CallAsync(input, timeout: TimeSpan.FromSeconds(5));
        // end
        return answer;
    }

    public static async Task<Tensor> AskActor(ZeroCopyHost host, Module<Tensor, Tensor> classifier, Tensor input)
    {
        // example: actors
        var wrapper = await ModelWrapper.FromModelAsync(classifier, host: host, name: new ModelName("classifier"));
        var actors = host.ActorSystem.ActorOf(Props.Create(() => new ClassifierActor(wrapper)).WithRouter(new RoundRobinPool(4)));
        var answer = await actors.Ask<Tensor>(input, TimeSpan.FromSeconds(5));
        // end
        return answer;
    }

    public static async Task<Tensor> CallPool(ZeroCopyHost host, ModelWrapper<Module<Tensor, Tensor>> wrapper, Tensor input)
    {
        // example: pool
        await using var pool = await host.StartPoolAsync(
            "classifier",
            wrapper,
            (Module<Tensor, Tensor> model, Tensor batch) => model.call(batch),
            settings => settings with { Size = 4 });
        var answer = await pool.AskAsync(input, deadline: TimeSpan.FromSeconds(5));
        // end
        return answer;
    }

    public static async Task<float[]> CallEndpoint(ZeroCopyHost host, float[] row)
    {
        // example: endpoint
        var endpoint = await host.Endpoints.FindAsync("classifier")
            ?? throw new ArgumentException("There is no model or pool of that name.");
        var input = new NamedTensor("input", HostTensor.From<float>(DType.Float32, row, 1, row.Length));
        using var answer = await endpoint.CallAsync("", [input], new CallOptions { Deadline = TimeSpan.FromSeconds(5) });
        var scores = answer.Outputs[0].Tensor.Values<float>().ToArray();
        // end
        return scores;
    }

    public static async Task<List<long>> MapBatches(ModelWrapper<Module<Tensor, Tensor>> wrapper, IAsyncEnumerable<float[]> rows)
    {
        var answers = new List<long>();
        // example: batches
        await foreach (var answer in wrapper.MapBatchesAsync<float[], long>(rows, Classification.Run, new() { BatchSize = 32, Actors = 4 }))
        {
            answers.Add(answer);
        }
        // end
        return answers;
    }

    public static async Task<Tensor> RunPipeline(
        ZeroCopyHost host, Module<Tensor, Tensor> encoder, Module<Tensor, Tensor> head, Tensor input)
    {
        // example: pipeline
        var wrapper = await ModelWrapper.FromModelAsync(new Pipeline { Encoder = encoder, Head = head }, host: host);
        var pipeline = wrapper.Load();
        var answer = pipeline.Run(input);
        // end
        return answer;
    }

    public static async Task<Tensor> CallScript(ZeroCopyHost host, string path, Tensor window)
    {
        // example: script
        var handle = await host.Runtime.PutFileAsync(path, new PutOptions { Name = new ModelName("detector") });
        using var instance = await host.Runtime.OpenAny(handle).RentAsync();
        var answer = (Tensor)instance.Run((script, argument) => ((ScriptProgram)script).Invoke("forward", argument, 16000L), window)!;
        // end
        return answer;
    }

    public static async Task<ModelHandle> PutOwnType(ObjectStoreOptions store, string folder)
    {
        // example: catalog
        var catalog = new ModelCatalog().Register<Classifier, ClassifierConfiguration>(
            "my-classifier", (configuration, build) => new Classifier(configuration, build.Device));
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = store, Catalog = catalog });
        var handle = await host.Runtime.PutFileAsync(folder, new PutOptions { Name = new ModelName("mine") });
        using var instance = await host.Runtime.OpenAny(handle).RentAsync();
        // end
        Assert.IsType<Classifier>(instance.Target);
        return handle;
    }

    public static async Task<Tensor> AskHosted(string settings, ModelCatalog catalog, Tensor input)
    {
        // example: hosting
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddAkka("inference", akka => akka
            .AddHoconFile(settings, HoconAddMode.Prepend)
            .WithZeroCopyHost(new ZeroCopyHostOptions { Catalog = catalog })
            .WithModelPool("mine", new ModelName("mine"), (Classifier model, Tensor batch) => model.call(batch)));
        builder.Services.AddZeroCopyHost().AddHealthChecks();
        using var application = builder.Build();
        await application.StartAsync();
        var pool = await application.Services.GetRequiredService<ZeroCopyHost>().PoolAsync<Tensor, Tensor>("mine");
        var answer = await pool.AskAsync(input);
        // end
        await application.StopAsync();
        return answer;
    }

    public static WebApplication ServeOverHttp(WebApplicationBuilder builder)
    {
        // example: serving
        builder.Services.AddZeroCopyHost().AddHealthChecks();
        builder.Services.AddZeroCopyServing(options => options.MaxBodyBytes = 16 << 20);
        var application = builder.Build();
        application.MapZeroCopyInference();
        // end
        return application;
    }

    // example: actor
    internal sealed class ClassifierActor : ReceiveActor
    {
        private readonly Module<Tensor, Tensor> _model;

        public ClassifierActor(ModelWrapper<Module<Tensor, Tensor>> wrapper)
        {
            _model = wrapper.Load();
            Receive<Tensor>(input =>
            {
                using var guard = no_grad();
                try
                {
                    Sender.Tell(_model.call(input));
                }
                catch (Exception e)
                {
                    // Whoever asks waits for an answer, or for this.
                    Sender.Tell(new Status.Failure(e));
                }
            });
        }

        protected override void PostStop() => ModelWrapper.Release(_model);
    }
    // end

    // example: batches-class
    internal static class Classification
    {
        public static IReadOnlyList<long> Run(Module<Tensor, Tensor> model, IReadOnlyList<float[]> rows) =>
            model.call(stack(rows.Select(row => tensor(row)))).argmax(1).data<long>().ToArray();
    }
    // end

    // example: pipeline-class
    internal sealed class Pipeline
    {
        public required Module<Tensor, Tensor> Encoder { get; init; }

        public required Module<Tensor, Tensor> Head { get; init; }

        public Tensor Run(Tensor input) => Head.call(Encoder.call(input));
    }
    // end

    // example: model-types
    public sealed class MyModels : IModelTypes
    {
        public void Register(ModelCatalog catalog) => catalog.Register<Classifier, ClassifierConfiguration>(
            "my-classifier",
            (configuration, build) => new Classifier(configuration, build.Device),
            checkpoint => checkpoint.Rename(name => name.Replace("classifier.dense.", "layer.", StringComparison.Ordinal)));
    }
    // end

    // example: catalog-class
    internal sealed record ClassifierConfiguration(
        [property: JsonPropertyName("inputs")] int Inputs, [property: JsonPropertyName("outputs")] int Outputs);

    internal sealed class Classifier : Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer;

        public Classifier(ClassifierConfiguration configuration, Device device)
            : base(nameof(Classifier))
        {
            _layer = Linear(configuration.Inputs, configuration.Outputs, device: device);
            register_module("layer", _layer);
        }

        public override Tensor forward(Tensor input) => _layer.call(input);
    }
    // end
}
