using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Pipelines;
using ZeroCopy.Torch;
using ZeroCopy.Wire;

namespace ZeroCopy;

/// <summary>A wrapper that knows what it holds.</summary>
/// <typeparam name="T">The module's or pipeline's type.</typeparam>
public sealed class ModelWrapper<T> : ModelWrapper
    where T : class
{
    internal ModelWrapper(WrapperDocument document, ZeroCopyHost host)
        : base(document, host)
    {
    }

    /// <summary>
    /// The object, for the caller alone. In actor mode its modules run in this process, in eval mode, around the shared weights; the caller disposes
    /// them with <see cref="ModuleDisposal.Release"/>. In task mode each call of a wrapped module runs as a task.
    /// </summary>
    /// <exception cref="ModelNotFoundException">The store holds the model no more.</exception>
    /// <exception cref="RecipeUnavailableException">This process did not wrap the model and cannot build a T; the message says what to do.</exception>
    /// <exception cref="BindingException">The tensors do not fit what this process builds.</exception>
    /// <exception cref="ArgumentException">In task mode: a member is declared with a class that no shim can stand in for.</exception>
    public T Load(LoadOptions<T>? options = null)
    {
        var template = Host.Templates.Get(Document.Template, typeof(T), () => Build(options));
        var loaded = Mode == WrapMode.Actor
            ? template.Load(module => Materialise(module, options?.Device))
            : template.LoadShims(
                typeof(T), MethodNames, module => Host.CallsTo(SharedModules.Open(Host.Runtime, module.Entry)), module => Materialise(module, null));
        return loaded as T ?? throw new ArgumentException($"The wrapper holds a {loaded.GetType()} (wrapped as {Document.TypeName}), not a {typeof(T)}.");
    }

    /// <summary>As <see cref="Load"/>, off the calling thread.</summary>
    public Task<T> LoadAsync(LoadOptions<T>? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Load(options), cancellationToken);

    private torch.nn.Module Materialise(TemplateModule module, torch.Device? device) =>
        SharedModules.Materialise(
            Host.Runtime, module.Entry, new OpenOptions<torch.nn.Module> { Device = device, Factory = _ => module.Placeholder }, module.Type,
            Document.Modules is [{ Paths: [""] }] ? [("", typeof(T))] : module.Places, MethodNames);

    private PipelineTemplate Build(LoadOptions<T>? options)
    {
        if (Document.Modules is [{ Paths: [""] }])
        {
            var build = ReceiverFactory.ForModuleOrNull(options);
            return TemplateBuilder.Standalone(Host.Runtime, build is null ? null : context => (torch.nn.Module)(object)build(context), typeof(T), Document);
        }

        var factory = ReceiverFactory.OrNull(options) ?? throw new RecipeUnavailableException(
            $"{typeof(T)} cannot be built here: give LoadOptions.Factory, or give the type a public constructor without parameters.");
        return TemplateBuilder.Around(Host.Runtime, factory(), typeof(T), Document);
    }
}
