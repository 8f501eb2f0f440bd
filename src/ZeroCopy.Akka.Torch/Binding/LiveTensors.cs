using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Binding;

/// <summary>The tensors of a live module or of a state dictionary, each once, with further names as aliases. Dispose it after the put.</summary>
internal sealed class LiveTensors : IDisposable
{
    private readonly List<LiveTensor> _sources = [];

    private LiveTensors(IEnumerable<StateTensor> state)
    {
        try
        {
            foreach (var names in state.GroupBy(Key))
            {
                var first = names.First();
                var aliases = names.Skip(1).Select(tied => tied.Name).Distinct().Where(name => name != first.Name).Order(StringComparer.Ordinal);
                _sources.Add(LiveTensor.Create(first.Name, first.Role, first.Tensor, [.. aliases]));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The sources, in the order of the module.</summary>
    public IReadOnlyList<LiveTensor> Sources => _sources;

    /// <summary>Parameters, buffers and transient buffers of a module.</summary>
    public static LiveTensors Of(torch.nn.Module module) => new(ModuleState.Read(module));

    /// <summary>The tensors of a state dictionary.</summary>
    public static LiveTensors Of(IReadOnlyDictionary<string, torch.Tensor> state) =>
        new(state.Select(pair => new StateTensor(pair.Key, pair.Value, TensorRole.Parameter, false)));

    public void Dispose() => _sources.ForEach(source => source.Dispose());

    /// <summary>Tied tensors have an equal key: the same elements in the same order, whoever wraps them.</summary>
    private static object Key(StateTensor state)
    {
        var tensor = state.Tensor;
        var address = TorchNative.Data(tensor);
        return address == 0
            ? tensor.Handle
            : (address, tensor.dtype, string.Join(',', tensor.shape), string.Join(',', tensor.stride()));
    }
}
