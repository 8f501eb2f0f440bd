using System.Text.Json.Serialization;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.OwnModels;

/// <summary>A module that a process builds once and that cannot be cloned: the model opens, and no actor gets an instance of it.</summary>
public sealed class OwnOnce : Module<Tensor, Tensor>
{
    private static int _built;
    private readonly Lazy<double> _uncopyable = new(() => 2);
    private readonly TorchSharp.Modules.Parameter _step;

    private OwnOnce(Configuration configuration, Device device)
        : base(nameof(OwnOnce))
    {
        if (Interlocked.Increment(ref _built) > 1)
        {
            throw new InvalidOperationException("It is built once.");
        }

        _step = new TorchSharp.Modules.Parameter(zeros(configuration.Width, device: device), requires_grad: false);
        register_parameter("step", _step);
    }

    public override Tensor forward(Tensor x) => x + (_step * _uncopyable.Value);

    public sealed record Configuration([property: JsonPropertyName("width")] int Width);

    public sealed class Types : IModelTypes
    {
        public void Register(ModelCatalog catalog) => catalog.Register<OwnOnce, Configuration>(
            "own-once", (configuration, build) => new OwnOnce(configuration, build.Device));
    }
}
