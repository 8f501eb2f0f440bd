using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess.Models;

/// <summary>One model of each kind.</summary>
public static class ModelCases
{
    private static readonly ModelCase[] Cases =
    [
        new(
            "mlp",
            _ => Sequential(("in", Linear(8, 16)), ("act", ReLU()), ("out", Linear(16, 4))),
            () => linspace(-1, 1, 24).reshape(3, 8)),
        new("28 MB mlp", device => new Mlp(7, 1024, device), () => linspace(-1, 1, 1024).reshape(1, 1024)),
        new("402 MB mlp", device => new Mlp(6, 4096, device), () => linspace(-1, 1, 4096).reshape(1, 4096)),
        new("transformer", _ => new Transformer(), () => arange(12, dtype: ScalarType.Int64).reshape(6, 2)),
        new(
            "convolutions",
            _ => Sequential(
                ("first", Conv2d(3, 8, 3)),
                ("act", ReLU()),
                ("second", Conv2d(8, 8, 3, stride: 2)),
                ("flat", Flatten()),
                ("head", Linear(32, 4))),
            Images),
        new("batch norm", _ => Normalised(), Images),
        new("no parameters", _ => Sequential(("act", ReLU()), ("flat", Flatten())), Images),
        new("bfloat16", _ => new Converted(ScalarType.BFloat16), () => linspace(-1, 1, 24).reshape(3, 8)),
        new("tied", _ => new Tied(), () => arange(12, dtype: ScalarType.Int64).reshape(6, 2)),
    ];

    /// <summary>The names of all that take up little memory.</summary>
    public static IEnumerable<string> Names => Cases.Select(one => one.Name).Where(name => name != "402 MB mlp");

    public static ModelCase Get(string name) => Cases.Single(one => one.Name == name);

    private static Tensor Images() => linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8);

    // Two steps of training give statistics that are not the initial ones.
    private static Module<Tensor, Tensor> Normalised()
    {
        var model = Sequential(("convolution", Conv2d(3, 4, 3)), ("norm", BatchNorm2d(4)), ("act", ReLU()));
        using var frozen = no_grad();
        using var images = Images();
        model.call(images).Dispose();
        model.call(images).Dispose();
        return model;
    }
}
