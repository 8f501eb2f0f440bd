using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Binding;

/// <summary>What goes into the store of a live module is what its tensors are.</summary>
public sealed class LiveTensorsSpecs : RuntimeSpec
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public override void Dispose()
    {
        _scope.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task Put_should_store_a_lazy_conjugate_and_a_lazy_negative_as_their_values()
    {
        var w = complex(tensor([1f, 3f]), tensor([2f, 4f]));
        using var module = new Buffers(("w", w), ("conjugate", w.conj()), ("negative", w.conj().imag), ("imaginary", w.imag));
        Assert.True(module.get_buffer("conjugate")!.is_conj() && module.get_buffer("negative")!.is_neg());

        var handle = await Runtime.PutAsync(module);
        var opened = Runtime.Open<Buffers>(handle).Materialise();
        var state = Runtime.OpenState(handle);

        (string Name, string Values)[] all = [("w", "1 2 3 4"), ("conjugate", "1 -2 3 -4"), ("negative", "-2 -4"), ("imaginary", "2 4")];
        foreach (var (name, expected) in all)
        {
            Assert.Equal((name, expected), (name, Numbers(opened.get_buffer(name)!)));
            Assert.Equal((name, expected), (name, Numbers(state[name])));
        }

        Assert.All(Store.ReadManifest(handle.Id).Tensors, tensor => Assert.Empty(tensor.Aliases));
        ModuleDisposal.Release(opened);
        foreach (var tensor in state.Values)
        {
            tensor.Dispose();
        }
    }

    [Fact]
    public async Task Put_should_bind_values_in_the_place_of_a_lazy_conjugate()
    {
        var w = complex(tensor([1f, 3f]), tensor([2f, 4f]));
        using var module = new Buffers(("w", w), ("conjugate", w.conj()));

        await Runtime.PutAsync(module, new PutModuleOptions { Rebind = true });

        Assert.Equal("1 -2 3 -4", Numbers(module.get_buffer("conjugate")!));
        Assert.False(module.get_buffer("conjugate")!.is_conj());
    }

    [Fact]
    public async Task Put_should_name_a_sparse_tensor_and_say_what_to_do()
    {
        var sparse = eye(3).to_sparse();
        using var module = new Buffers(("dense", ones(2)), ("mask", sparse));

        foreach (var put in new Func<Task>[]
                 {
                     () => Runtime.PutAsync(module), () => Runtime.PutStateAsync(new Dictionary<string, Tensor> { ["mask"] = sparse }),
                 })
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(put);
            Assert.Contains("mask is sparse", refused.Message, StringComparison.Ordinal);
            Assert.Contains("mask.to_dense()", refused.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Store.List());
    }

    [Fact]
    public async Task Put_should_keep_types_that_TorchSharp_has_no_name_for()
    {
        var unsigned = empty([2], dtype: (ScalarType)27);
        unsigned.bytes = new byte[] { 1, 0, 255, 255 };

        var handle = await Runtime.PutStateAsync(new Dictionary<string, Tensor> { ["q"] = unsigned });

        Assert.Equal(DType.UInt16, Store.ReadManifest(handle.Id).Tensors[0].Layout.DType);
        using var stored = Runtime.OpenState(handle)["q"];
        Assert.Equal("1 65535", Numbers(stored));
    }

    [Fact]
    public async Task Binder_should_say_that_a_module_cannot_have_the_model_s_type()
    {
        var half = await Store.PutAsync(Content(DType.UInt16, 4));
        var packed = await Store.PutAsync(Content(DType.Float4E2M1, 1));

        var types = Assert.Throws<BindingException>(() => Open(half));
        Assert.Contains(
            "q is Float32 in the module and U16 (a type that TorchSharp has no name for) in the model",
            types.Message,
            StringComparison.Ordinal);
        Assert.Contains("q is F4 in the model", Assert.Throws<BindingException>(() => Open(packed)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'q' is F4", Assert.Throws<InvalidModelException>(() => Runtime.OpenState(packed)).Message, StringComparison.Ordinal);

        Buffers Open(ModelHandle handle) =>
            Runtime.Open(handle, new OpenOptions<Buffers> { Factory = _ => new Buffers(("q", ones(2))) }).Materialise();
    }

    private static ModelContent Content(DType dtype, int bytes) => new()
    {
        Tensors = [new TestSupport.ArrayTensorSource("q", new TensorLayout(dtype, 2), new byte[bytes])],
        Recipe = new Recipe.Weights("", ""),
    };

    private static string Numbers(Tensor tensor)
    {
        var plain = tensor.resolve_conj().resolve_neg();
        return string.Join(
            ' ', (is_complex(plain.dtype) ? view_as_real(plain) : plain).to(ScalarType.Float64).contiguous().data<double>().ToArray());
    }

    private sealed class Buffers : nn.Module<Tensor, Tensor>
    {
        public Buffers(params (string Name, Tensor Value)[] buffers)
            : base(nameof(Buffers))
        {
            foreach (var (name, value) in buffers)
            {
                register_buffer(name, value);
            }

            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input;
    }
}
