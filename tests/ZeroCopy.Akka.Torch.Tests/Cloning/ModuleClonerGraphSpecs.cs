using System.Collections.Frozen;
using System.Collections.Immutable;
using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Cloning;

/// <summary>What a module holds beside layers and tensors.</summary>
public sealed class ModuleClonerGraphSpecs
{
    private static readonly Dictionary<string, Func<object>> Uncopyable = new()
    {
        ["thread local"] = () => new ThreadLocal<int>(),
        ["lazy"] = () => new Lazy<int>(() => 1),
        ["stream"] = () => new MemoryStream(),
        ["task"] = () => Task.CompletedTask,
        ["thread"] = () => new Thread(() => { }),
        ["wait handle"] = () => new ManualResetEvent(false),
        ["semaphore"] = () => new SemaphoreSlim(1),
        ["timer"] = () => new Timer(_ => { }),
        ["cancellation"] = () => new CancellationTokenSource(),
        ["weak reference"] = () => new WeakReference<object>(new object()),
        ["weak reference of any type"] = () => new WeakReference(new object()),
        ["generator"] = () => new torch.Generator(),
        ["frozen dictionary of objects"] = () => new Dictionary<object, int> { [new object()] = 1 }.ToFrozenDictionary(),
        ["immutable set of objects"] = () => ImmutableHashSet.Create(new object()),
        ["lookup by objects"] = () => new[] { new object() }.ToLookup(item => item),
        ["compiled expression"] = () => System.Linq.Expressions.Expression.Lambda<Func<int>>(
            System.Linq.Expressions.Expression.Constant(1)).Compile(),
        ["in a list"] = () => new List<object> { new MemoryStream() },
        ["in a closure"] = () =>
        {
            var stream = new MemoryStream();
            return new Func<long>(() => stream.Length);
        },
    };

    public static TheoryData<string> UncopyableNames => [.. Uncopyable.Keys];

    [Theory]
    [MemberData(nameof(UncopyableNames))]
    public void ModuleCloner_should_refuse_what_a_copy_would_break(string name)
    {
        using var module = new Holder { Held = Uncopyable[name]() };

        var error = Assert.Throws<CloneRefusedException>(() => ModuleCloner.Clone(module));

        Assert.Contains("Held", error.Message, StringComparison.Ordinal);
        (module.Held as IDisposable)?.Dispose();
    }

    [Fact]
    public void ModuleCloner_should_find_cloned_modules_by_identity_again()
    {
        using var module = new Holder();
        module.Held = new Dictionary<Module, string> { [module.Layer] = "layer", [module] = "itself" };

        var clone = ModuleCloner.Clone(module);

        var names = (Dictionary<Module, string>)clone.Held;
        Assert.Equal("layer", names[clone.Layer]);
        Assert.Equal("itself", names[clone]);
        Assert.NotSame(module.Layer, clone.Layer);
        ModuleDisposal.Release(clone);
    }

    [Fact]
    public void ModuleCloner_should_clone_what_a_query_and_a_comparer_hold()
    {
        using var module = new Holder();
        var comparer = Comparer<int>.Create((one, other) => module.Calls * one.CompareTo(other));
        module.Held = (new List<int> { 1 }.Select(number => number + module.Calls), comparer, new List<OrderedByComparer> { new(module) });

        var clone = ModuleCloner.Clone(module);
        clone.Calls = -10;

        var (query, order, list) = ((IEnumerable<int>, Comparer<int>, List<OrderedByComparer>))clone.Held;
        Assert.Equal([-9], query);
        Assert.Equal(10, order.Compare(1, 2));
        Assert.Same(clone, list[0].Module);
        ModuleDisposal.Release(clone);
    }

    [Fact]
    public void ModuleCloner_should_share_comparers_without_state()
    {
        object[] comparers = [StringComparer.Ordinal, Comparer<int>.Default, EqualityComparer<object>.Default];
        using var module = new Holder { Held = comparers };

        var clone = ModuleCloner.Clone(module);

        Assert.All(comparers.Zip((object[])clone.Held), pair => Assert.Same(pair.First, pair.Second));
        ModuleDisposal.Release(clone);
    }

    [Fact]
    public void ModuleCloner_should_aim_hooks_and_parents_at_the_clone()
    {
        using var module = new Holder();
        using var input = torch.ones(1, 2);
        module.Held = new Parent { Module = module };
        module.Layer.register_forward_hook((_, _, output) =>
        {
            module.Calls++;
            return output;
        });

        var clone = ModuleCloner.Clone(module);
        clone.call(input).Dispose();

        Assert.Equal((0, 1), (module.Calls, clone.Calls));
        Assert.Same(clone, ((Parent)clone.Held).Module);
        ModuleDisposal.Release(clone);
    }

    [Fact]
    public void ModuleCloner_should_share_objects_of_assemblies_that_bring_no_module()
    {
        using var directory = new TemporaryDirectory();
        using var module = new Holder { Held = directory };

        var clone = ModuleCloner.Clone(module);

        Assert.Same(directory, clone.Held);
        ModuleDisposal.Release(clone);
    }

    [Fact]
    public void ModuleCloner_should_give_each_clone_locks_of_its_own()
    {
        using var module = new Holder { Held = new object() };

        var clone = ModuleCloner.Clone(module);

        Assert.NotSame(module.Held, clone.Held);
        ModuleDisposal.Release(clone);
    }

    private sealed record OrderedByComparer(Holder Module);

    private sealed class Parent
    {
        public required Holder Module { get; init; }
    }

    private sealed class Holder : Module<torch.Tensor, torch.Tensor>
    {
        public Holder()
            : base(nameof(Holder)) => register_module("layer", Layer);

        public Linear Layer { get; } = Linear(2, 2);

        public object Held { get; set; } = "";

        public int Calls { get; set; }

        public override torch.Tensor forward(torch.Tensor x) => Layer.call(x);
    }
}
