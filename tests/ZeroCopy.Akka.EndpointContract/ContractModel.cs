using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;
using static TorchSharp.torch;

namespace ZeroCopy.EndpointContract;

/// <summary>The model of the contract as a registered type; <see cref="ContractScript"/> is the same as a script.</summary>
[SuppressMessage("Performance", "CA1822", Justification = "A model's method belongs to the module.")]
public sealed class ContractModel : nn.Module
{
    /// <summary>What it is registered as.</summary>
    public const string Key = "endpoint-contract";

    private static int _runs;
    private readonly TorchSharp.Modules.Parameter _weight;

    public ContractModel()
        : base("contract")
    {
        _weight = nn.Parameter(arange(1, 3, dtype: ScalarType.Float32));
        RegisterComponents();
    }

    /// <summary>How often <see cref="rows"/> ran in this process.</summary>
    public static int Runs => Volatile.Read(ref _runs);

    public Tensor forward(Tensor a, Tensor b, double scale = 1) => (a - b) * scale;

    public (Tensor, Tensor) pair(Tensor x) => (x + 1, x * 2);

    public Dictionary<string, Tensor> named(Tensor x) => new() { ["plus"] = x + 1, ["twice"] = x * 2 };

    public string described(string text, long number) => string.Create(CultureInfo.InvariantCulture, $"{text} {number}");

    public Tensor same(Tensor x) => x;

    public Tensor fail(Tensor x) => throw new InvalidOperationException("the model says no\nand more that nobody wants to read");

    /// <summary>The model's own tensor.</summary>
    public Tensor weight() => _weight;

    /// <summary>Adds to the model's own tensor and answers with it.</summary>
    public Tensor count(Tensor x) => _weight.add_(x);

    [return: TensorValue(DType.Float32, -1)]
    public Tensor rows([TensorValue(DType.Float32, -1, 2)] Tensor x)
    {
        Interlocked.Increment(ref _runs);
        return x.sum(1);
    }

    /// <summary>Runs until the test lets it go, see <see cref="HeldCall"/>.</summary>
    public Tensor held(Tensor x, long number)
    {
        HeldCall.Hold(number, x);
        return x + 1;
    }
}
