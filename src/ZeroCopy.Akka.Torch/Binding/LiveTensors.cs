using System.Collections.Immutable;
using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Native.CppExceptions;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Binding;

/// <summary>
/// The tensors of a live module or of a state dictionary, each once, with further names as aliases. Dispose it after the put.
/// </summary>
internal sealed class LiveTensors : IDisposable
{
    private readonly List<TensorSource> _sources = [];

    private LiveTensors(IEnumerable<StateTensor> state)
    {
        try
        {
            state = [.. state];
            foreach (var tensor in state)
            {
                RequireElements(tensor);
            }

            var storages = 0;
            foreach (var storage in Named(state).GroupBy(tensor => StorageOf(tensor.First.Tensor)))
            {
                if (storage.Count() == 1 && (storage.Key is not nint || TensorStorage.IsFilledBy(storage.First().First.Tensor)))
                {
                    var (first, aliases) = storage.First();
                    _sources.Add(LiveTensor.Create(first.Name, first.Role, first.Tensor, aliases));
                }
                else
                {
                    _sources.Add(LiveStorage.Create([.. storage], storages++));
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The sources, in the order of the module.</summary>
    public IReadOnlyList<TensorSource> Sources => _sources;

    /// <summary>Parameters, buffers and transient buffers of a module.</summary>
    public static LiveTensors Of(torch.nn.Module module) => new(ModuleState.Read(module));

    /// <summary>The tensors of a state dictionary.</summary>
    public static LiveTensors Of(IReadOnlyDictionary<string, torch.Tensor> state) =>
        new(state.Select(pair => new StateTensor(pair.Key, pair.Value, TensorRole.Parameter, false)));

    // Before the address is asked for, which such a tensor has not.
    private static void RequireElements(StateTensor state)
    {
        if (state.Tensor.is_sparse)
        {
            throw new ArgumentException(
                $"{state.Name} is sparse, and the store holds dense elements: register {state.Name}.to_dense(), and make the sparse tensor "
                + "of it where it is computed with.");
        }

        try
        {
            CheckedCall.Run(() => TorchNative.Data(state.Tensor));
        }
        catch (ExternalException exception)
        {
            throw new ArgumentException(
                $"{state.Name} has no dense elements in memory, such as a tensor of oneDNN or one with compressed rows: register "
                + $"{state.Name}.to_dense().",
                exception);
        }
    }

    public void Dispose() => _sources.ForEach(source => ((IDisposable)source).Dispose());

    // Each tensor by its first name, and by the others it is tied under.
    private static IEnumerable<(StateTensor First, ImmutableArray<string> Aliases)> Named(IEnumerable<StateTensor> state) =>
        from names in state.GroupBy(tensor => tensor.Identity)
        let first = names.First()
        let aliases = names.Skip(1).Select(tied => tied.Name).Distinct().Where(name => name != first.Name)
        select (first, aliases.Order(StringComparer.Ordinal).ToImmutableArray());

    // A lazy conjugate or negative is stored as what it stands for, and one without elements has no storage to speak of.
    private static object StorageOf(torch.Tensor tensor) =>
        !tensor.is_conj() && !tensor.is_neg() && tensor.dtype.IsStored() && TensorStorage.Address(tensor) is not 0 and var address
            ? address : new object();
}
