using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Node.Predict;

/// <summary>A tensor, whatever the argument is.</summary>
internal sealed class TensorInput(HostTensor tensor) : InputValue
{
    public HostTensor Tensor => tensor;

    public override IEnumerable<NamedTensor> ToInputs(string name, ScriptType? type) => [new NamedTensor(name, tensor)];
}
