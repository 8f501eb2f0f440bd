using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>Images [rows, 64] with values from 0 to 16 to ten scores a row, the highest for the digit that is most likely.</summary>
internal sealed class DigitClassifier : nn.Module<Tensor, Tensor>
{
    public const int Classes = 10;

    public DigitClassifier(Device? device = null)
        : base(nameof(DigitClassifier))
    {
        Encoder = new DigitEncoder(device);
        Head = nn.Linear(DigitEncoder.Features, Classes, device: device);
        register_module("encoder", Encoder);
        register_module("head", Head);
    }

    public DigitEncoder Encoder { get; }

    public TorchSharp.Modules.Linear Head { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Head.call(Encoder.call(input)).MoveToOuterDisposeScope();
    }
}
