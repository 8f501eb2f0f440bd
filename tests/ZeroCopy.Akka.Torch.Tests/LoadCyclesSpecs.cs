using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native.CppExceptions;
using ZeroCopy.Torch.Tests.Modules;
using ZeroCopy.Torch.Tests.Script;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests;

/// <summary>What hundreds of loads, calls and releases leave in the process: nothing.</summary>
public sealed class LoadCyclesSpecs : IDisposable
{
    private const int Cycles = 60;
    private const int Rounds = 5;

    // libtorch takes long to load scripts.
    private const int ScriptCycles = 10;

    // A leak grows in every round; the runtime takes more in some, and gives much back in one or another.
    private const long Tolerance = 128 << 10;
    private static readonly ModuleCase[] Cases =
    [
        new("BERT-mini", () => new SmallBert(torch.CPU, 4, 256, 3000), m => ((SmallBert)m).forward(Ids())),
        new("LSTM", () => LSTM(128, 128, 2), m => ((TorchSharp.Modules.LSTM)m).forward(Inputs(128), null).Item1),
        new("Transformer", () => Transformer(64, 4, 2, 2, 256), m => ((TorchSharp.Modules.Transformer)m).forward(Inputs(64), Inputs(64))),
        new(
            "convolution",
            () => Sequential(("c", Conv2d(1, 64, 3)), ("bn", BatchNorm2d(64))),
            m => ((TorchSharp.Modules.Sequential)m).forward(Image())),
        new("EmbeddingBag", () => EmbeddingBag(20000, 32), m => ((TorchSharp.Modules.EmbeddingBag)m).forward(Ids(), null, null)),
    ];

    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;

    public LoadCyclesSpecs() => _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });

    public static TheoryData<string, InstanceIsolation> Kinds
    {
        get
        {
            var kinds = new TheoryData<string, InstanceIsolation>();
            foreach (var one in Cases)
            {
                kinds.Add(one.Name, InstanceIsolation.None);
            }

            kinds.Add("LSTM", InstanceIsolation.Mappings);
            return kinds;
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public async Task TorchModel_should_leave_nothing_behind_after_hundreds_of_instances(string name, InstanceIsolation isolation)
    {
        Skip.IfNot(Footprint.IsKnown, Footprint.Unknown);
        var one = Cases.Single(one => one.Name == name);
        using var runtime = new TorchRuntime(_store, options: new TorchRuntimeOptions { Isolation = isolation });
        var module = one.Create(1);
        var handle = await runtime.PutAsync(module);
        ModuleDisposal.Release(module);
        var model = runtime.Open<Module>(handle);

        await AssertFlatAsync(i =>
        {
            var instance = model.Materialise();
            if (i % 10 == 0)
            {
                one.Run(instance).Dispose();
            }

            ModuleDisposal.Release(instance);
            return Task.CompletedTask;
        });
    }

    [SkippableFact]
    public async Task TorchRuntime_should_leave_nothing_behind_after_hundreds_of_puts_and_opens()
    {
        Skip.IfNot(Footprint.IsKnown, Footprint.Unknown);
        var module = Cases[1].Create(1);

        await AssertFlatAsync(async _ =>
        {
            using var runtime = new TorchRuntime(_store);
            var handle = await runtime.PutAsync(module);
            ModuleDisposal.Release(runtime.Open<Module>(handle).Materialise());
            runtime.Dispose();
            _store.Remove(handle.Id);
        });
        ModuleDisposal.Release(module);
    }

    [SkippableFact]
    public async Task TorchModel_should_leave_nothing_behind_after_modules_that_hold_a_script()
    {
        Skip.IfNot(Footprint.IsKnown, Footprint.Unknown);
        using var runtime = new TorchRuntime(_store);
        var module = new ScriptHolder(2);
        var handle = await runtime.PutAsync(module);
        var names = module.state_dict().Keys.Order(StringComparer.Ordinal);
        Assert.Equal(names, _store.ReadManifest(handle.Id).Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        ModuleDisposal.Release(module);

        await AssertFlatAsync(_ =>
        {
            var model = runtime.Open(handle, new OpenOptions<ScriptHolder> { Factory = _ => new ScriptHolder(2) });
            ModuleDisposal.Release(model.Materialise());
            model.Dispose();
            return Task.CompletedTask;
        }, ScriptCycles);
        Assert.Equal(0, StoreDiagnostics.LiveMappings);
    }

    [SkippableFact]
    public async Task TorchRuntime_should_leave_nothing_behind_after_refusing_modules_that_hold_a_script()
    {
        Skip.IfNot(Footprint.IsKnown, Footprint.Unknown);
        using var runtime = new TorchRuntime(_store);
        var module = new ScriptHolder(2);
        var handle = await runtime.PutAsync(module);
        ModuleDisposal.Release(module);

        await AssertFlatAsync(_ =>
        {
            // Before anything is bound, and afterwards.
            Assert.Throws<BindingException>(
                () => runtime.Open(handle, new OpenOptions<ScriptHolder> { Factory = _ => new ScriptHolder(3) }));
            Assert.Throws<DeviceUnavailableException>(
                () => runtime.Open(handle, new OpenOptions<ScriptHolder> { Factory = _ => new ScriptHolder(2), Device = torch.META }));
            return Task.CompletedTask;
        }, ScriptCycles);
        Assert.Equal(0, StoreDiagnostics.LiveMappings);
    }

    [SkippableFact]
    public async Task Torch_should_leave_nothing_behind_after_thousands_of_calls_that_fail()
    {
        Skip.IfNot(Footprint.IsKnown, Footprint.Unknown);
        Skip.IfNot(UncaughtExceptions.AreCaught, "Texts of failures are freed on Linux x64.");
        using var left = torch.ones(3, 4);
        using var right = torch.ones(5, 7);

        await AssertFlatAsync(_ =>
        {
            for (var call = 0; call < 20; call++)
            {
                // LibTorchSharp catches the first one, and native frames have much to clean up after the second.
                Assert.Throws<ExternalException>(() => left.add(right));
                Assert.Throws<ExternalException>(() => left.cummax(7));
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// Runs rounds of cycles after one to warm up: mappings, references and tensors are the same, memory and descriptors, which the runtime
    /// takes too, do not grow in every round but one.
    /// </summary>
    private static async Task AssertFlatAsync(Func<int, Task> cycle, int cycles = Cycles)
    {
        var footprints = new List<Footprint>();
        for (var round = 0; round <= Rounds; round++)
        {
            for (var i = 0; i < cycles; i++)
            {
                await cycle(i);
            }

            footprints.Add(Footprint.Now());
        }

        Assert.True(Growth(footprint => footprint.Bytes) < Tolerance, string.Join("; ", footprints));
        Assert.True(Growth(footprint => footprint.Descriptors) <= 0, string.Join("; ", footprints));
        Assert.Single(footprints.Select(footprint => footprint with { Bytes = 0, Descriptors = 0 }).Distinct());

        long Growth(Func<Footprint, long> of) =>
            footprints.Zip(footprints.Skip(1), (before, after) => of(after) - of(before)).Order().ElementAt(1);
    }

    private static torch.Tensor Ids() => torch.arange(16, dtype: torch.ScalarType.Int64).reshape(2, 8);

    private static torch.Tensor Inputs(long width) => torch.ones(4, 2, width);

    private static torch.Tensor Image() => torch.ones(1, 1, 16, 16);

    /// <summary>A module with scripts, themselves of several modules, in each kind of place.</summary>
    private sealed class ScriptHolder : Module
    {
        private readonly torch.jit.ScriptModule<torch.Tensor, torch.Tensor> _script = Script();

        public ScriptHolder(int width)
            : base(nameof(ScriptHolder))
        {
            register_module("script", _script);
            register_buffer("own", torch.ones(width));
            register_module("list", ModuleList<Module>(Script()));
            register_module("dictionary", ModuleDict<Module>(("first", Script())));
        }

        // With a batch normalisation in a part of it.
        private static torch.jit.ScriptModule<torch.Tensor, torch.Tensor> Script() =>
            torch.jit.load<torch.Tensor, torch.Tensor>(ScriptExample.Path("layer_batch_norm.pt"));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _script.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>What a process holds.</summary>
    /// <param name="Bytes">
    /// Objects on the heap of .NET and allocations of native code; not the pages, which both keep for the next ones.
    /// </param>
    private sealed record Footprint(long Bytes, int Mappings, long References, int Descriptors, long Tensors)
    {
        public const string Unknown = "The C library, glibc from 2.33 on, tells what native code has allocated.";

        public static bool IsKnown { get; } =
            OperatingSystem.IsLinux()
                && NativeLibrary.TryLoad("libc.so.6", out var library)
                && NativeLibrary.TryGetExport(library, "mallinfo2", out _);

        public static Footprint Now()
        {
            for (var i = 0; i < 2; i++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            var native = GetAllocations();
            return new Footprint(
                GC.GetTotalMemory(false) + (long)(native.InArenas + native.InMappings),
                StoreDiagnostics.LiveMappings,
                StoreDiagnostics.RetainedReferences,
                Directory.GetFiles("/proc/self/fd").Length,
                torch.Tensor.TotalCount);
        }

        [DllImport("libc", EntryPoint = "mallinfo2")]
        private static extern Allocations GetAllocations();

        // struct mallinfo2: arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost.
        [StructLayout(LayoutKind.Explicit, Size = 80)]
        private readonly struct Allocations
        {
            [FieldOffset(32)]
            public readonly nuint InMappings;

            [FieldOffset(56)]
            public readonly nuint InArenas;
        }
    }
}
