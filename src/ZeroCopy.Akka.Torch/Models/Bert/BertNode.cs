using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>
/// A managed module with parameters and children under given names: no native module is involved, so that on META nothing is allocated.
/// </summary>
internal sealed class BertNode : nn.Module
{
    public BertNode(string name, Parameter? weight = null, Parameter? bias = null)
        : base(name)
    {
        if (weight is not null)
        {
            register_parameter("weight", weight);
        }

        if (bias is not null)
        {
            register_parameter("bias", bias);
        }
    }

    public Tensor Weight => get_parameter("weight")!;

    public Tensor Bias => get_parameter("bias")!;

    public BertNode With(string name, nn.Module child)
    {
        register_module(name, child);
        return this;
    }

    public Tensor Lookup(Tensor indices) =>
        Weight.index_select(0, indices.reshape(-1).to(int64)).view(indices.shape[0], indices.shape[1], -1);

    public Tensor Linear(Tensor x) => nn.functional.linear(x, Weight, Bias);

    public Tensor Norm(Tensor x, double epsilon) => nn.functional.layer_norm(x, [x.shape[^1]], Weight, Bias, epsilon);
}
