using System.Collections.Concurrent;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>Opens fake models: each call answers with the model's version, and counts what is open.</summary>
internal sealed class FakeOpener : IModelOpener
{
    private int _open;

    /// <summary>The models that were opened, in their order, once for each time.</summary>
    public ConcurrentQueue<ModelHandle> Opened { get; } = [];

    /// <inheritdoc/>
    public IReadOnlyCollection<string> ModelTypes => [];

    /// <summary>Models that are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Runs before a model is opened.</summary>
    public Action<ModelHandle> OnOpen { get; set; } = _ => { };

    /// <summary>Instances of a model.</summary>
    public Func<ModelHandle, FakeSource> Sources { get; set; } = _ => new FakeSource();

    /// <summary>Runs in each call, with the version of the model that answers it.</summary>
    public Action<int> OnRun { get; set; } = _ => { };

    public bool CanOpen(ModelHandle model) => !Refused.Contains(model.Id);

    /// <summary>Models that cannot be built here.</summary>
    public HashSet<ModelId> Refused { get; } = [];

    /// <summary>Models that were open whenever memory was given back.</summary>
    public ConcurrentQueue<int> Released { get; } = [];

    public void ReleaseMemory() => Released.Enqueue(Open);

    IOpenedModel IModelOpener.Open(ModelHandle model, string device)
    {
        Opened.Enqueue(model);
        OnOpen(model);
        Interlocked.Increment(ref _open);
        return new OpenedModel(this, Sources(model), new VersionBinder(model.Name!.Value.Version!.Value, OnRun));
    }

    private sealed class OpenedModel(FakeOpener opener, IInstanceSource source, ICallBinder binder) : IOpenedModel
    {
        private int _disposed;

        public IInstanceSource Source => source;

        public ICallBinder Binder => binder;

        public void Dispose()
        {
            Assert.Equal(0, Interlocked.Exchange(ref _disposed, 1));
            Interlocked.Decrement(ref opener._open);
        }
    }

    /// <summary>Answers with its version, and refuses calls that another version's binder has bound.</summary>
    private sealed class VersionBinder(int version, Action<int> onRun) : ICallBinder
    {
        public ModelSignature Signature { get; } = new([new MethodSignature("forward", [], []), new MethodSignature("embed", [], [])]);

        public IBatchCodec? Codec => null;

        public IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs) => Signature.Find(method) is null
            ? throw new InferenceException(InferenceFailure.MethodNotFound, $"no method '{method}'")
            : new FakeTensor(version);

        public object? Run(object target, object? call)
        {
            Assert.Equal([version], ((FakeTensor)call!).Rows);
            onRun(version);
            return version;
        }

        public ModelAnswer ToAnswer(object? result) => new([FakeBinder.Wire((int)result!)]);
    }
}
