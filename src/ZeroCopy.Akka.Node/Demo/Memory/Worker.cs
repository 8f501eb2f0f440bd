using ZeroCopy.Manifests;
using ZeroCopy.Node.Commands;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Memory;

/// <summary>A worker process of the demo: makes its models, answers once with each, says so, and stays until its input ends.</summary>
internal static class Worker
{
    public const string Ready = "ready";
    public const int Instances = 2;

    public static void Run(WorkerKind kind, string store, string source, TextReader input, TextWriter output)
    {
        set_num_threads(1);
        using var guard = no_grad();
        using var runtime = kind == WorkerKind.Shared ? NodeRuntime.Open(new ObjectStoreOptions { Directory = store }) : null;
        var models = kind switch
        {
            WorkerKind.Shared => Materialise(runtime!, source),
            WorkerKind.Alone => [.. Enumerable.Range(0, Instances).Select(_ => Bert.Load(source))],
            _ => [],
        };
        if (kind == WorkerKind.Empty)
        {
            using var product = rand(64, 64).matmul(rand(64, 64));
        }

        foreach (var model in models)
        {
            Bert.Answer(model);
        }

        GC.Collect();
        output.WriteLine(Ready);
        output.Flush();
        input.ReadToEnd();
        foreach (var model in models)
        {
            ModuleDisposal.Release(model);
        }
    }

    private static BertModel[] Materialise(NodeRuntime runtime, string id)
    {
        var model = runtime.Torch.Open<BertModel>(runtime.Store.Resolve(ModelId.Parse(id)));
        return [.. Enumerable.Range(0, Instances).Select(_ => model.Materialise())];
    }
}
