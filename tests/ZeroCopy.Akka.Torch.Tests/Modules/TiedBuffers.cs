using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>
/// Buffers that are tied to another one and to a parameter, and to a weight of a layer; counts in the first of each pair, and answers [4]
/// with the first elements of both pairs.
/// </summary>
internal sealed class TiedBuffers : Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Parameter _parameter;
    private readonly TorchSharp.Modules.Linear _layer = Linear(4, 4);

    public TiedBuffers(int size)
        : base(nameof(TiedBuffers))
    {
        _parameter = Parameter(full(size, 2f), requires_grad: false);
        register_buffer("one", zeros(size));
        register_buffer("other", get_buffer("one")!.detach());
        register_buffer("of_parameter", _parameter.detach());
        register_buffer("of_layer", _layer.weight!.detach());
        RegisterComponents();
    }

    public bool KnowsLayer => get_buffer("of_layer")!.eq(_layer.weight!).all().item<bool>();

    public override Tensor forward(Tensor input)
    {
        using var frozen = no_grad();
        get_buffer("one")!.add_(1);
        get_buffer("of_parameter")!.add_(1);
        return cat([get_buffer("one")![..1], get_buffer("other")![..1], get_buffer("of_parameter")![..1], _parameter[..1]]);
    }
}
