using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>A buffer of each element type but Float32, and a Float32 one that is not persistent.</summary>
internal sealed class EveryBuffer : Module<Tensor, Tensor>
{
    public EveryBuffer()
        : base(nameof(EveryBuffer))
    {
        register_buffer("f16", randn(4).to(ScalarType.Float16));
        register_buffer("bf16", randn(4).to(ScalarType.BFloat16));
        register_buffer("i8", randint(-100, 100, 4).to(ScalarType.Int8));
        register_buffer("b", rand(4).gt(0.5));
        register_buffer("i64", randint(0, 1L << 40, 4, dtype: ScalarType.Int64));
        register_buffer("f64", randn(4, dtype: ScalarType.Float64));
        register_buffer("c64", complex(randn(4), randn(4)));
        register_buffer("c128", complex(randn(4, dtype: ScalarType.Float64), randn(4, dtype: ScalarType.Float64)));
        register_buffer("u8", randint(0, 255, 4).to(ScalarType.Byte));
        register_buffer("i16", randint(0, 2000, 4).to(ScalarType.Int16));
        register_buffer("i32", randint(0, 2000, 4).to(ScalarType.Int32));
        register_buffer("hidden", randn(4), persistent: false);
        register_buffer("none", zeros(0, 3));
        register_buffer("scalar", tensor(3.5f));
    }

    public override Tensor forward(Tensor x)
    {
        var sum = x.to(ScalarType.Float64);
        foreach (var name in new[] { "f16", "bf16", "i8", "b", "i64", "f64", "u8", "i16", "i32", "hidden", "scalar" })
        {
            sum += get_buffer(name)!.to(ScalarType.Float64);
        }

        return sum + get_buffer("c64")!.abs().to(ScalarType.Float64) + get_buffer("c128")!.abs();
    }
}
