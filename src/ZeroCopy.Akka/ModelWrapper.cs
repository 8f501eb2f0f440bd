using System.Collections.Immutable;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Pipelines;
using ZeroCopy.Wrapping;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy;

/// <summary>
/// A model or pipeline whose weights are in the host's object store, ready to be sent and loaded elsewhere. It is never callable itself:
/// load it first. Immutable and thread-safe. The host that wrapped or loaded it uses its models, which keeps them in the store, until
/// <see cref="Unload"/> or its end; give a model a name to keep it longer. A wrapper that is dropped is not unloaded: its bytes, or its
/// model's name, may be on their way back.
/// </summary>
/// <remarks>This untyped form is what an actor receives from another process; <see cref="As{T}"/> says what it holds.</remarks>
public class ModelWrapper
{
    private readonly Lazy<ImmutableSortedDictionary<string, ModelHandle>> _references;
    private readonly Lazy<ImmutableArray<ModelId>> _models;

    internal ModelWrapper(WrapperDocument document, ZeroCopyHost host)
    {
        Document = document;
        Host = host;
        _models = new(() => document.Tensors is { } tensors
            ? [.. document.Modules.Select(module => module.Handle.Id).Append(tensors.Handle.Id).Distinct()]
            : [.. document.Modules.Select(module => module.Handle.Id).Distinct()]);
        _references = new(() => document.Modules.Where(module => module.Wrapped)
            .SelectMany(module => module.Paths.Select(path => KeyValuePair.Create(path.Length == 0 ? "model" : path, module.Handle)))
            .ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    /// <summary>How the wrapper is used after loading.</summary>
    public WrapMode Mode => Document.TaskMode ? WrapMode.Task : WrapMode.Actor;

    /// <summary>
    /// The wrapped modules by attribute, such as <c>Encoder</c> or <c>Stages[0]</c>; a standalone module is called <c>model</c>. One that
    /// is held in two attributes is the same handle under both.
    /// </summary>
    public IReadOnlyDictionary<string, ModelHandle> ModelReferences => _references.Value;

    /// <summary>Methods that may run as tasks, beside the call itself.</summary>
    public IReadOnlyList<string> MethodNames => Document.Methods;

    /// <summary>The models of the store that it is made of, each once.</summary>
    internal IReadOnlyList<ModelId> Models => _models.Value;

    internal WrapperDocument Document { get; }

    internal ZeroCopyHost Host { get; }

    /// <summary>Puts the modules of a model or pipeline into the store.</summary>
    /// <param name="model">
    /// A module, or any object that holds modules. It is neither changed nor retained, unless it is handed over.
    /// </param>
    /// <param name="mode">How the wrapper will be used.</param>
    /// <param name="modelAttributeNames">
    /// Which attributes to wrap, by path; null for every module that is found. Modules that are not named share their weights too, but
    /// always run in the process that loads the wrapper.
    /// </param>
    /// <param name="methodNames">
    /// Public methods that may run as tasks, beside the call itself, on the modules that have them; those of a pipeline run where it is
    /// called.
    /// </param>
    /// <param name="host">Store and runtime; null for <see cref="ZeroCopyHost.Default"/>.</param>
    /// <param name="name">
    /// A name for the model, such as <c>bert</c>; the modules of a pipeline get it with their path appended. Weights that have a version
    /// of the name keep it, however often they are wrapped; others get the next, and <c>zerocopy.object-store.keep-versions</c> bounds how
    /// many stay.
    /// </param>
    /// <param name="handOver">Binds the given modules themselves to the shared weights, which frees their private ones.</param>
    /// <param name="recipe">
    /// For a standalone module: the type that the host's catalog builds it with, so that any process with that entry in its catalog can
    /// load it, by the wrapper or by its name, without a factory. Instances are what the catalog builds, here too: managed state of the
    /// given module that its configuration does not tell is left behind. Null: this process copies the given module, others need a factory
    /// or constructor.
    /// </param>
    /// <param name="cancellationToken">Gives the put up.</param>
    /// <exception cref="ArgumentException">
    /// The mode is invalid, a named attribute holds no module, or the recipe is not for a standalone module.
    /// </exception>
    /// <exception cref="InvalidModelException">The recipe does not build such a module; the message says why.</exception>
    /// <exception cref="MethodNotAllowedException">A method is private or unknown.</exception>
    /// <exception cref="StoreFullException">The store has no room.</exception>
    /// <exception cref="CloneRefusedException">The pipeline holds something that cannot be copied.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<ModelWrapper<T>> FromModelAsync<T>(
        T model, WrapMode mode = WrapMode.Actor, IEnumerable<string>? modelAttributeNames = null, IEnumerable<string>? methodNames = null,
        ZeroCopyHost? host = null, ModelName? name = null, bool handOver = false, Recipe.Catalog? recipe = null,
        CancellationToken cancellationToken = default)
        where T : class =>
        WrapAsync(
            model,
            Request<T>(mode, modelAttributeNames, methodNames, name, handOver, scriptsOnly: false) with { Recipe = recipe },
            host,
            cancellationToken);

    /// <summary>
    /// As <see cref="FromModelAsync{T}"/> with the type that a Sequential has for its callers: functions, actors and other processes know
    /// it as that.
    /// </summary>
    /// <inheritdoc cref="FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/exception"/>
    public static Task<ModelWrapper<Module<Tensor, Tensor>>> FromModelAsync(
        Sequential model,
        WrapMode mode = WrapMode.Actor,
        IEnumerable<string>? modelAttributeNames = null,
        IEnumerable<string>? methodNames = null,
        ZeroCopyHost? host = null, ModelName? name = null, bool handOver = false, Recipe.Catalog? recipe = null,
        CancellationToken cancellationToken = default) =>
        FromModelAsync<Module<Tensor, Tensor>>(
            model, mode, modelAttributeNames, methodNames, host, name, handOver, recipe, cancellationToken);

    /// <summary>
    /// As <see cref="FromModelAsync{T}"/> with the type that a Linear has for its callers: functions, actors and other processes know it as
    /// that.
    /// </summary>
    /// <inheritdoc cref="FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/exception"/>
    public static Task<ModelWrapper<Module<Tensor, Tensor>>> FromModelAsync(
        Linear model,
        WrapMode mode = WrapMode.Actor,
        IEnumerable<string>? modelAttributeNames = null,
        IEnumerable<string>? methodNames = null,
        ZeroCopyHost? host = null, ModelName? name = null, bool handOver = false, Recipe.Catalog? recipe = null,
        CancellationToken cancellationToken = default) =>
        FromModelAsync<Module<Tensor, Tensor>>(
            model, mode, modelAttributeNames, methodNames, host, name, handOver, recipe, cancellationToken);

    /// <summary>
    /// Wraps in task mode and loads: the same object, whose modules run each call as a task. Where T is <c>Module&lt;Tensor, Tensor&gt;</c>
    /// the result stands wherever such a module can.
    /// </summary>
    /// <remarks>
    /// The model stays in use until the host's end, also when the result is dropped or released: <c>ModelWrapper.Of(result).Unload()</c>
    /// ends it before, which a process needs that wraps again and again.
    /// </remarks>
    /// <inheritdoc cref="FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/exception"/>
    public static async Task<T> ForTasksAsync<T>(
        T model, IEnumerable<string>? methodNames = null, IEnumerable<string>? modelAttributeNames = null, ZeroCopyHost? host = null,
        CancellationToken cancellationToken = default)
        where T : class
    {
        var wrapper = await FromModelAsync(
            model, WrapMode.Task, modelAttributeNames, methodNames, host, cancellationToken: cancellationToken).ConfigureAwait(false);
        return wrapper.Load();
    }

    /// <summary>As <see cref="ForTasksAsync{T}"/> with the type that a Sequential has for its callers, which the result has too.</summary>
    /// <inheritdoc cref="ForTasksAsync{T}" path="/remarks"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/exception"/>
    public static Task<Module<Tensor, Tensor>> ForTasksAsync(
        Sequential model,
        IEnumerable<string>? methodNames = null,
        IEnumerable<string>? modelAttributeNames = null,
        ZeroCopyHost? host = null,
        CancellationToken cancellationToken = default) =>
        ForTasksAsync<Module<Tensor, Tensor>>(model, methodNames, modelAttributeNames, host, cancellationToken);

    /// <summary>As <see cref="ForTasksAsync{T}"/> with the type that a Linear has for its callers, which the result has too.</summary>
    /// <inheritdoc cref="ForTasksAsync{T}" path="/remarks"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/param"/>
    /// <inheritdoc cref="FromModelAsync{T}" path="/exception"/>
    public static Task<Module<Tensor, Tensor>> ForTasksAsync(
        Linear model, IEnumerable<string>? methodNames = null, IEnumerable<string>? modelAttributeNames = null, ZeroCopyHost? host = null,
        CancellationToken cancellationToken = default) =>
        ForTasksAsync<Module<Tensor, Tensor>>(model, methodNames, modelAttributeNames, host, cancellationToken);

    /// <summary>Reads what <see cref="Serialize"/> wrote, here or in another process of this host.</summary>
    /// <exception cref="InvalidModelException">The bytes are no serialised wrapper.</exception>
    public static ModelWrapper<T> Deserialize<T>(ReadOnlySpan<byte> bytes, ZeroCopyHost? host = null)
        where T : class =>
        new(WrapperDocument.Parse(bytes), host ?? ZeroCopyHost.Default);

    /// <summary>As <see cref="Deserialize{T}"/>, where the type is said later.</summary>
    /// <exception cref="InvalidModelException">The bytes are no serialised wrapper.</exception>
    public static ModelWrapper Deserialize(ReadOnlySpan<byte> bytes, ZeroCopyHost? host = null) =>
        new(WrapperDocument.Parse(bytes), host ?? ZeroCopyHost.Default);

    /// <summary>
    /// The wrapper that returned an object. Shims and instances are this process's own: to send one, send its wrapper, which returns the
    /// receiver another.
    /// </summary>
    /// <exception cref="ArgumentException">No wrapper returned the object.</exception>
    public static ModelWrapper<T> Of<T>(T loaded)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(loaded);
        return (LoadedObject.Of(loaded)?.Origin as ModelWrapper)?.As<T>() ?? throw NotLoaded(loaded);
    }

    /// <summary>
    /// Disposes what <see cref="ModelWrapper{T}.Load"/> or <see cref="ForTasksAsync{T}"/> returned: its modules with all their native
    /// parts, and tensors around them. Idempotent. An actor calls it in its <c>PostStop</c>.
    /// </summary>
    /// <exception cref="ArgumentException">No wrapper returned the object.</exception>
    public static void Release(object loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        if (!LoadedObject.Release(loaded))
        {
            throw NotLoaded(loaded);
        }
    }

    /// <summary>
    /// Ends this process's use of what is wrapped, so that the store may remove or evict it once loaded objects are released and the
    /// instances of calls and of pools' actors are returned: these stay valid, but shims of task mode answer no more, and pools get no
    /// further instances. Loads and calls that come too late fail with <see cref="ObjectDisposedException"/>,
    /// <see cref="RecipeUnavailableException"/> or an <see cref="InferenceException"/>. A later load builds the object as another process
    /// would.
    /// </summary>
    public void Unload()
    {
        Host.Templates.Remove(Document.Template);
        foreach (var module in Document.Modules.Where(module => !Host.Templates.Uses(module.Handle.Id)))
        {
            Host.Runtime.Close(module.Handle);
        }
    }

    /// <summary>
    /// The wrapper as bytes: handles, plain values and no code. A few hundred bytes and no weights: they stay in the store.
    /// </summary>
    public byte[] Serialize() => Document.ToBytes();

    /// <summary>Says what the wrapper holds.</summary>
    public ModelWrapper<T> As<T>()
        where T : class =>
        this as ModelWrapper<T> ?? new ModelWrapper<T>(Document, Host);

    private static ArgumentException NotLoaded(object loaded) =>
        new($"This {loaded.GetType()} was not loaded from a wrapper, so it is its owner's affair.", nameof(loaded));

    internal static WrapRequest Request<T>(
        WrapMode mode,
        IEnumerable<string>? attributes,
        IEnumerable<string>? methods,
        ModelName? name,
        bool handOver,
        bool scriptsOnly) => new()
        {
            DeclaredType = typeof(T),
            TaskMode = mode is WrapMode.Actor or WrapMode.Task ? mode == WrapMode.Task
                : throw new ArgumentException(
                    $"Mode {(int)mode} is invalid: it must be {nameof(WrapMode.Actor)} or {nameof(WrapMode.Task)}.", nameof(mode)),
            Attributes = attributes is null ? null : [.. attributes],
            Methods = methods is null ? [] : [.. methods.Distinct(StringComparer.Ordinal)],
            Name = name,
            HandOver = handOver,
            ScriptsOnly = scriptsOnly,
        };

    internal static async Task<ModelWrapper<T>> WrapAsync<T>(
        T model, WrapRequest request, ZeroCopyHost? host, CancellationToken cancellationToken)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(model);
        cancellationToken.ThrowIfCancellationRequested();
        host ??= ZeroCopyHost.Default;
        var (document, template) = await TemplateBuilder.WrapAsync(host.Runtime, model, request, cancellationToken).ConfigureAwait(false);
        host.Templates.Add(document.Template, template);
        return new ModelWrapper<T>(document, host);
    }
}
