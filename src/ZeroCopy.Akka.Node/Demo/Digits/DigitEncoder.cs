using TorchSharp;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Digits;

/// <summary>
/// Two convolutions and a linear layer: images [rows, 64] with values from 0 to 16, row by row, to features [rows, 64].
/// </summary>
internal sealed class DigitEncoder : nn.Module<Tensor, Tensor>
{
    public const int Features = 64;
    private const int Side = 8;
    // Kept for good: the collector may free a number made in passing while libtorch reads it.
    private static readonly Scalar White = 16;

    private readonly TorchSharp.Modules.Conv2d _first;
    private readonly TorchSharp.Modules.Conv2d _second;
    private readonly TorchSharp.Modules.Linear _project;

    public DigitEncoder(Device? device = null)
        : base(nameof(DigitEncoder))
    {
        _first = nn.Conv2d(1, 16, 3, padding: 1, device: device);
        _second = nn.Conv2d(16, 32, 3, padding: 1, device: device);
        _project = nn.Linear(32 * (Side / 2) * (Side / 2), Features, device: device);
        register_module("first", _first);
        register_module("second", _second);
        register_module("project", _project);
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var images = (input / White).view(-1, 1, Side, Side);
        var edges = nn.functional.relu(_first.call(images));
        var shapes = nn.functional.relu(_second.call(nn.functional.max_pool2d(edges, 2)));
        return nn.functional.relu(_project.call(shapes.flatten(1))).MoveToOuterDisposeScope();
    }
}
