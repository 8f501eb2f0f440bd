using ZeroCopy.Bench.Models;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>A model that a process constructed and loaded for itself, with the one message that it is asked.</summary>
internal sealed class Replica(BertModel model, Tensor message) : IDisposable
{
    /// <summary>Answers the message.</summary>
    public void Answer() => BenchModels.Direct(BenchModels.CallBert, model, message);

    public void Dispose()
    {
        ModuleDisposal.Release(model);
        message.Dispose();
    }
}
