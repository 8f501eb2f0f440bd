using TorchSharp;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests;

/// <summary>
/// Tensors that are parts of one storage stay parts of one: a module that was put answers as it did before, whatever it reads beyond a
/// tensor's own elements and whatever it writes to another one.
/// </summary>
public sealed class SharedStorageSpecs : RuntimeSpec
{
    private static readonly Scalar One = 1f;

    public static TheoryData<string> Kinds => new(Cases.Keys);

    // What a factory puts into fields of its own is no part of the model.
    public static TheoryData<string> RegisteredKinds => new(Cases.Keys.Where(kind => !kind.Contains("field", StringComparison.Ordinal)));

    // Each makes the tensors, registered ("r") or in a field ("f"), and what a call reads and writes of them.
    private static Dictionary<string, (Func<(string, Tensor)[]> Make, Func<Func<string, Tensor>, Tensor> Call)> Cases { get; } = new()
    {
        ["a slice that is read beyond its ends"] = (
            () => [("p slice", arange(8f)[4..6])], of => of("p slice").as_strided([3], [2], 1)),
        ["a slice behind its end"] = (
            () => [("p slice", arange(8f)[..2])], of => of("p slice").as_strided([8], [1], 0)),
        ["an expanded tensor"] = (
            () => [("r mask", full(1, 3f).expand(4, 4))], of => of("r mask").as_strided([4, 4], [0, 0], 0)),
        ["buffers that overlap"] = (Overlapping, of => cat([of("r one").add_(One), of("r other").add_(One)])),
        ["large buffers that overlap"] = (
            () => Parts(zeros(40000), ("r one", 0, 30000), ("r other", 10000, 40000)),
            of => cat([of("r one").add_(One), of("r other").add_(One)])),
        ["a buffer inside a parameter"] = (
            () => Parts(zeros(8), ("p all", 0, 8), ("r part", 2, 5)), of => cat([of("p all"), of("r part").add_(One)])),
        ["a matrix and its transpose"] = (
            () => zeros(2, 3) is var m ? [("r m", m), ("r t", m.t())] : [],
            of => cat([of("r m").add_(One).flatten(), of("r t").flatten()])),
        ["numbers and their real parts"] = (
            () => zeros(3, ScalarType.ComplexFloat32) is var c ? [("r c", c), ("r re", view_as_real(c)[.., 0])] : [],
            of => cat([of("r re").add_(One), view_as_real(of("r c")).flatten()])),
        ["two pairs with equal bytes"] = (
            () => [.. Overlapping(), .. Parts(zeros(8), ("r third", 0, 6), ("r fourth", 2, 8))],
            of => cat([of("r one").add_(One), of("r other"), of("r third"), of("r fourth")])),
        ["a pair and a tensor with equal bytes"] = (
            () => [.. Overlapping(), ("r apart", zeros(8))], of => cat([of("r one").add_(One), of("r other"), of("r apart")])),
        ["a field inside a buffer"] = (
            () => Parts(zeros(8), ("r all", 0, 8), ("f part", 2, 5)), of => cat([of("r all"), of("f part").add_(One)])),
        ["a field inside a parameter"] = (
            () => Parts(arange(8f), ("p all", 0, 8), ("f part", 2, 5)), of => cat([of("p all"), of("f part")])),
        ["fields that overlap"] = (
            () => Parts(zeros(8), ("f one", 0, 6), ("f other", 2, 8)), of => cat([of("f one").add_(One), of("f other")])),
        ["a field of a slice that is read beyond its ends"] = (
            () => [("f slice", arange(8f)[4..6])], of => of("f slice").as_strided([3], [2], 1)),
        ["a field of other elements"] = (
            () => zeros(3, ScalarType.ComplexFloat32) is var c ? [("r c", c), ("f re", view_as_real(c)[.., 0])] : [],
            of => cat([of("f re").add_(One), view_as_real(of("r c")).flatten()])),
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Loaded_module_should_answer_as_the_one_that_was_put(string kind) => InstancesShouldAnswerAsync(kind, Runtime);

    [Theory]
    [MemberData(nameof(RegisteredKinds))]
    public Task Module_of_a_factory_should_answer_as_the_one_that_was_put(string kind) =>
        InstancesShouldAnswerAsync(kind, Runtime, new OpenOptions<Parted> { Factory = _ => Create(kind) });

    [Theory]
    [MemberData(nameof(RegisteredKinds))]
    public async Task Instances_that_map_the_model_each_should_keep_what_they_write_to_themselves(string kind)
    {
        using var runtime = new TorchRuntime(Store, options: new TorchRuntimeOptions { Isolation = InstanceIsolation.Mappings });
        await InstancesShouldAnswerAsync(kind, runtime);
    }

    [Theory]
    [MemberData(nameof(RegisteredKinds))]
    public async Task Module_that_was_handed_over_should_answer_as_before(string kind)
    {
        using var scope = NewDisposeScope();
        using var put = Create(kind);

        await Runtime.PutAsync(put, new PutModuleOptions { Rebind = true });

        Assert.Equal(Expected(kind), TwoCalls(put));
    }

    [Fact]
    public async Task Export_should_write_each_part_by_its_name()
    {
        using var scope = NewDisposeScope();
        var handle = await Runtime.PutStateAsync(
            Parts(arange(8f), ("one", 0, 6), ("other", 2, 8)).ToDictionary(part => part.Item1, part => part.Item2));
        using (var lease = Store.Acquire(handle.Id, "test"))
        {
            ZeroCopy.Store.SafetensorsExporter.Export(lease, File("parts.safetensors"));
        }

        var again = Runtime.OpenState(await Runtime.PutFileAsync(File("parts.safetensors")));

        Assert.Equal("0 1 2 3 4 5", Numbers(again["one"]));
        Assert.Equal("2 3 4 5 6 7", Numbers(again["other"]));
        foreach (var tensor in again.Values)
        {
            tensor.Dispose();
        }
    }

    private static (string, Tensor)[] Overlapping() => Parts(zeros(8), ("r one", 0, 6), ("r other", 2, 8));

    private static (string, Tensor)[] Parts(Tensor all, params (string Name, int From, int To)[] parts) =>
        [.. parts.Select(part => (part.Name, all.slice(0, part.From, part.To, 1)))];

    private static async Task InstancesShouldAnswerAsync(string kind, TorchRuntime runtime, OpenOptions<Parted>? options = null)
    {
        using var scope = NewDisposeScope();
        using var put = Create(kind);
        var handle = await runtime.PutAsync(put);
        var model = runtime.Open(handle, options ?? new OpenOptions<Parted>());
        var instances = new[] { model.Materialise(), model.Materialise() };

        Assert.All(instances, instance => Assert.Equal(Expected(kind), TwoCalls(instance)));
        Array.ForEach(instances, ModuleDisposal.Release);
    }

    private static Parted Create(string kind) => new(Cases[kind].Make(), Cases[kind].Call);

    private static string[] Expected(string kind)
    {
        using var direct = Create(kind);
        return TwoCalls(direct);
    }

    private static string[] TwoCalls(Parted module)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return [Numbers(module.forward(zeros(1))), Numbers(module.forward(zeros(1)))];
    }

    private static string Numbers(Tensor tensor) => string.Join(' ', tensor.contiguous().data<float>().ToArray());

    private sealed class Parted : nn.Module<Tensor, Tensor>
    {
        private readonly Dictionary<string, Tensor> _fields = [];
        private readonly Func<Func<string, Tensor>, Tensor> _call;

        public Parted((string Name, Tensor Value)[] tensors, Func<Func<string, Tensor>, Tensor> call)
            : base(nameof(Parted))
        {
            _call = call;
            foreach (var (name, value) in tensors)
            {
                switch (name[0])
                {
                    case 'p':
                        register_parameter(name, new TorchSharp.Modules.Parameter(value, requires_grad: false));
                        break;
                    case 'r':
                        register_buffer(name, value);
                        break;
                    default:
                        _fields.Add(name, value.DetachFromDisposeScope());
                        break;
                }
            }

            RegisterComponents();
        }

        public override Tensor forward(Tensor input) =>
            _call(name => _fields.GetValueOrDefault(name) ?? get_buffer(name) ?? get_parameter(name)!);

        protected override void Dispose(bool disposing)
        {
            foreach (var field in _fields.Values)
            {
                field.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
