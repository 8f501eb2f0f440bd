using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>
/// Keeps something of each call: counts in a small buffer, in one that is not saved, in a large one, in a tensor that no module
/// registered, and in a field; answers [5] with the counts.
/// </summary>
internal sealed class KeepingModule : Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Linear _layer = Linear(4, 4);
    // What registers components takes a field that is a tensor for a buffer.
    private readonly Tensor[] _plain = [zeros(1).DetachFromDisposeScope()];
    private int _calls;

    public KeepingModule()
        : base(nameof(KeepingModule))
    {
        register_buffer("small", zeros(1));
        register_buffer("unsaved", zeros(1), persistent: false);
        register_buffer("large", zeros(1 << 20));
        RegisterComponents();
    }

    public Tensor Large => get_buffer("large")!;

    public Tensor Weight => _layer.weight!;

    public override Tensor forward(Tensor input)
    {
        using var frozen = no_grad();
        _calls++;
        foreach (var kept in new[] { get_buffer("small")!, get_buffer("unsaved")!, get_buffer("large")!, _plain[0] })
        {
            kept.add_(1);
        }

        return cat([get_buffer("small")!, get_buffer("unsaved")!, get_buffer("large")![..1], _plain[0], tensor(new[] { (float)_calls })]);
    }
}
