using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>Private arrays, lists and dictionaries of layers, a closure, an event, a lock, a counter and a log.</summary>
internal sealed class StatefulModule : Module<Tensor, Tensor>
{
    private readonly Linear[] _array = [Linear(8, 8), Linear(8, 8)];
    private readonly Dictionary<string, Linear> _named = new() { ["k"] = Linear(8, 8) };
    private readonly Func<Tensor, Tensor> _activation;
    private readonly object _gate = new();
    private readonly List<int> _log = [];

    public StatefulModule()
        : base(nameof(StatefulModule))
    {
        Inner = Linear(8, 8);
        _activation = x => Inner.forward(x).relu();
        Called += by => Calls += by;
        register_module("inner", Inner);
        register_module("a0", _array[0]);
        register_module("a1", _array[1]);
        register_module("k", _named["k"]);
    }

    private event Action<int> Called;

    public Linear Inner { get; }

    public int Calls { get; private set; }

    public IReadOnlyList<int> Log => _log;

    public override Tensor forward(Tensor x)
    {
        lock (_gate)
        {
            Called(1);
            _log.Add(Calls);
        }

        foreach (var layer in _array)
        {
            x = layer.forward(x);
        }

        return _activation(_named["k"].forward(x));
    }
}
