using TorchSharp;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Modules;

namespace ZeroCopy.Pipelines;

/// <summary>
/// Builds one module of a pipeline that only a factory of the whole can build. The pipeline that is built already gives the first; each
/// further one costs a pipeline of its own, whose other modules are released. Thread-safe.
/// </summary>
internal sealed class PipelinePart(Func<object> factory, Type declaredType, PipelineSlot first)
{
    private torch.nn.Module? _first = (torch.nn.Module)first.Value!;

    public torch.nn.Module Build(ModelBuild build)
    {
        if (Interlocked.Exchange(ref _first, null) is { } built)
        {
            return built;
        }

        var modules = PipelineScan.Of(factory(), declaredType).Modules;
        var wanted = (torch.nn.Module)modules.Single(slot => slot.Path == first.Path).Value!;
        foreach (var other in modules.Select(slot => slot.Value!).Distinct(ReferenceEqualityComparer.Instance))
        {
            if (!ReferenceEquals(other, wanted))
            {
                ModuleDisposal.Release((torch.nn.Module)other);
            }
        }

        return wanted;
    }
}
