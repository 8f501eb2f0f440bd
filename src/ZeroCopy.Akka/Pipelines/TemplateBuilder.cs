using System.Collections.Immutable;
using System.Text.Json;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Cloning;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Pipelines;

/// <summary>
/// Makes templates: from a live pipeline whose modules it puts into the store, or around the models that a wrapper of another process
/// names.
/// </summary>
internal static class TemplateBuilder
{
    /// <summary>Puts the modules and tensors of a pipeline, each distinct one once.</summary>
    /// <param name="runtime">Where to put them.</param>
    /// <param name="root">The pipeline or module.</param>
    /// <param name="request">What the caller asked for.</param>
    /// <param name="cancellationToken">Gives up; what was put so far stays in the store, unnamed.</param>
    /// <exception cref="ArgumentException">
    /// A named attribute holds no module, or there is a recipe for something else than a module.
    /// </exception>
    /// <exception cref="InvalidModelException">The recipe does not build the module; nothing was put.</exception>
    /// <exception cref="MethodNotAllowedException">A requested method is private or unknown.</exception>
    /// <exception cref="CloneRefusedException">Something cannot be cloned; nothing was put.</exception>
    public static async Task<(WrapperDocument Document, PipelineTemplate Template)> WrapAsync(
        TorchRuntime runtime, object root, WrapRequest request, CancellationToken cancellationToken)
    {
        var scan = PipelineScan.Of(root, request.DeclaredType);
        var groups = scan.Modules.GroupBy(slot => slot.Value!, ReferenceEqualityComparer.Instance).ToList();
        var selected = AttributeSelection.Select(groups.SelectMany(group => group), request);
        MethodSelection.Check(
            request.Methods, root.GetType(), groups.Where(group => group.Any(selected.Contains)).Select(group => group.Key!.GetType()));

        if (request.Recipe is { } recipe)
        {
            RequireRecipe(runtime, root, recipe);
        }
        else
        {
            RequireClones(root, scan, request.HandOver);
        }

        var given = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        var modules = new List<TemplateModule>();
        TemplateTensors? views = null;

        // What is put without a name or a recipe, scripts aside, has an id that is made for this put: nobody else has it open.
        var own = new List<ModelHandle>();
        try
        {
            foreach (var group in groups)
            {
                var module = (torch.nn.Module)group.Key!;
                var isScript = module is torch.jit.ScriptModule;
                var name = request.NameOf(group.First().Path);

                // Until the placeholder holds it: another process may put under the name, and keep no other version.
                var put = new PutOptions { Name = name };
                using var lease = module is torch.jit.ScriptModule script
                    ? await runtime.PutScriptLeasedAsync(script, put, null, cancellationToken).ConfigureAwait(false)
                    : await runtime.PutLeasedAsync(
                        module,
                        new PutModuleOptions { Put = put, Rebind = request.HandOver, Recipe = request.Recipe },
                        null,
                        cancellationToken).ConfigureAwait(false);
                if (name is null && request.Recipe is null && !isScript)
                {
                    own.Add(lease.Handle);
                }

                var entry = Describe(group, lease.Handle, isScript, group.Any(selected.Contains));
                (string Path, Type Type)[] places = [.. group.Select(slot => (slot.Path, slot.DeclaredType))];
                var placeholder = SharedModules.Materialise(
                    runtime, entry, new OpenOptions<torch.nn.Module>(), module.GetType(), places, request.Methods);
                given[module] = placeholder;
                modules.Add(new TemplateModule(entry, placeholder, module.GetType(), places, Factory: null));
            }

            (var tensors, views) = await PutTensorsAsync(runtime, scan, given, cancellationToken).ConfigureAwait(false);
            var template = new PipelineTemplate(
                root is torch.nn.Module ? given[root] : ObjectGraph.Clone(root, given),
                ModulePart.Note(modules, [.. groups.Select(group => (torch.nn.Module)group.Key!)]),
                views);
            var document = new WrapperDocument
            {
                Version = WrapperDocument.CurrentVersion,
                Template = Guid.NewGuid(),
                TaskMode = request.TaskMode,
                TypeName = root.GetType().ToString(),
                Methods = request.Methods,
                Modules = [.. modules.Select(module => module.Entry)],
                Tensors = tensors,
                Values = root is torch.nn.Module ? ImmutableSortedDictionary<string, JsonElement>.Empty : PlainValues.Write(scan.Values),
            };
            return (document, template);
        }
        catch
        {
            PipelineTemplate.Free(modules, views);
            own.ForEach(runtime.Close);
            throw;
        }
    }

    /// <summary>
    /// Binds a pipeline that the receiver builds to the models that a wrapper names. A script needs no module to be bound to: its place may
    /// be empty.
    /// </summary>
    /// <exception cref="RecipeUnavailableException">The receiver's object has no module where the wrapper has one.</exception>
    public static PipelineTemplate Around(TorchRuntime runtime, Func<object> factory, Type declaredType, WrapperDocument document)
    {
        var built = factory();
        var scan = PipelineScan.Of(built, declaredType);
        var places = scan.Modules.ToDictionary(slot => slot.Path, StringComparer.Ordinal);
        var entangled = PipelinePart.Entangled(scan.Modules.Select(slot => (torch.nn.Module)slot.Value!));
        var vacancies = scan.Vacancies.DistinctBy(slot => slot.Path).ToDictionary(slot => slot.Path, StringComparer.Ordinal);
        var given = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        var modules = new List<TemplateModule>();
        var originals = new List<torch.nn.Module?>();
        TemplateTensors? views = null;
        try
        {
            foreach (var entry in document.Modules)
            {
                var slots = entry.Paths.Where(places.ContainsKey).Select(path => places[path]).ToList();
                var vacant = entry.Paths.Where(vacancies.ContainsKey).Select(path => vacancies[path]).ToList();
                if (slots.Count == 0 && !(entry.Script && vacant.Count > 0))
                {
                    throw new RecipeUnavailableException(
                        $"{built.GetType()} as it is built here holds no module at '{entry.Paths[0]}', which the wrapper of "
                        + $"{document.TypeName} needs; it has: "
                        + $"{(places.Count == 0 ? "none" : string.Join(", ", places.Keys.Order(StringComparer.Ordinal)))}. "
                        + "Give a factory in LoadOptions.Factory.");
                }

                Func<ModelBuild, torch.nn.Module>? factoryOfPart = slots.Count == 0
                    ? null
                    : new PipelinePart(factory, declaredType, slots[0], isApart: !entangled.Contains(slots[0].Value!)).Build;
                (string Path, Type Type)[] declared = [.. slots.Concat(vacant).Select(slot => (slot.Path, slot.DeclaredType))];
                var type = slots.Count == 0 ? vacant[0].DeclaredType : slots[0].Value!.GetType();
                var placeholder = SharedModules.Materialise(
                    runtime, entry, new OpenOptions<torch.nn.Module> { Factory = factoryOfPart }, type, declared, document.Methods);
                modules.Add(new TemplateModule(entry, placeholder, type, declared, factoryOfPart));
                originals.Add(slots.Count == 0 ? null : (torch.nn.Module)slots[0].Value!);
                foreach (var slot in slots)
                {
                    given[slot.Value!] = placeholder;
                }

                foreach (var slot in vacant)
                {
                    slot.Set(placeholder);
                    given[placeholder] = placeholder;
                }
            }

            PlainValues.Apply(document.Values, scan.Values);
            views = document.Tensors is { } tensors ? BindTensors(runtime, tensors, scan, given) : null;
            return new PipelineTemplate(ObjectGraph.Clone(built, given), ModulePart.Note(modules, originals), views);
        }
        catch
        {
            PipelineTemplate.Free(modules, views);
            throw;
        }
    }

    /// <summary>A standalone module that the receiver's factory, the catalog or its own constructor builds.</summary>
    public static PipelineTemplate Standalone(
        TorchRuntime runtime, Func<ModelBuild, torch.nn.Module>? factory, Type declaredType, WrapperDocument document)
    {
        var entry = document.Modules[0];
        try
        {
            var placeholder = SharedModules.Materialise(
                runtime,
                entry,
                new OpenOptions<torch.nn.Module> { Factory = factory },
                declaredType,
                [("", declaredType)],
                document.Methods);
            return new PipelineTemplate(placeholder, [new TemplateModule(entry, placeholder, placeholder.GetType(), [], factory)], null);
        }
        catch (RecipeUnavailableException exception) when (factory is null)
        {
            throw new RecipeUnavailableException(
                $"{declaredType} (wrapped as {document.TypeName}) cannot be built here: give LoadOptions.Factory, or load it as a class "
                + "that the catalog knows or that has a public constructor without parameters.",
                exception);
        }
    }

    private static void RequireRecipe(TorchRuntime runtime, object root, Recipe.Catalog recipe)
    {
        if (root is not torch.nn.Module module || module is torch.jit.ScriptModule)
        {
            throw new ArgumentException(
                $"A recipe tells how to build one module, and this is a {root.GetType()}: wrap it without one. "
                + "A receiver builds a pipeline by its factory or constructor, and a script by itself.", nameof(recipe));
        }

        runtime.RequireRecipe(module, recipe);
    }

    // A put before the refusal would leave models behind that nobody asked for.
    private static void RequireClones(object root, PipelineScan scan, bool handOver)
    {
        var given = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        foreach (var slot in scan.Modules.Concat(scan.Tensors))
        {
            if (!given.TryAdd(slot.Value!, slot.Value!) || slot.Value is not torch.nn.Module module || module is torch.jit.ScriptModule)
            {
                continue;
            }

            if (handOver)
            {
                // The prototype may share the native layers of a module that is handed over.
                ModuleDisposal.Release(ModuleCloner.Clone(module));
            }
            else
            {
                StoredClone.Require(module);
            }
        }

        if (root is not torch.nn.Module)
        {
            OwnedParts.Dispose(ObjectGraph.Clone(root, given));
        }
    }

    private static async Task<(WrappedTensors? Tensors, TemplateTensors? Views)> PutTensorsAsync(
        TorchRuntime runtime, PipelineScan scan, Dictionary<object, object> given, CancellationToken cancellationToken)
    {
        if (scan.Tensors.Count == 0)
        {
            return (null, null);
        }

        var groups = scan.Tensors.GroupBy(slot => slot.Value!, ReferenceEqualityComparer.Instance).ToList();
        var state = groups.Select((group, index) => (Name: $"tensor{index}", Tensor: (torch.Tensor)group.Key!))
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Tensor, StringComparer.Ordinal);
        using var lease = await runtime.PutStateLeasedAsync(state, null, null, cancellationToken).ConfigureAwait(false);
        var handle = lease.Handle;
        var views = new TemplateTensors(runtime, handle);
        foreach (var (name, tensor) in state)
        {
            given[tensor] = views[name];
        }

        var paths = groups.Select(
            (group, index) => KeyValuePair.Create($"tensor{index}", group.Select(slot => slot.Path).ToImmutableArray()));
        var wrapped = new WrappedTensors(handle.Id.ToString(), handle.Bytes, paths.ToImmutableSortedDictionary(StringComparer.Ordinal));
        return (wrapped, views);
    }

    private static TemplateTensors BindTensors(
        TorchRuntime runtime, WrappedTensors tensors, PipelineScan scan, Dictionary<object, object> given)
    {
        var views = new TemplateTensors(runtime, tensors.Handle);
        var places = scan.Tensors.ToDictionary(slot => slot.Path, StringComparer.Ordinal);
        foreach (var (name, paths) in tensors.Paths)
        {
            foreach (var slot in paths.Where(places.ContainsKey).Select(path => places[path]))
            {
                given[slot.Value!] = views[name];
            }
        }

        return views;
    }

    private static WrappedModule Describe(IEnumerable<PipelineSlot> slots, ModelHandle handle, bool script, bool wrapped) =>
        new([.. slots.Select(slot => slot.Path)], handle.Id.ToString(), handle.Bytes, handle.Name?.ToString(), script, wrapped);
}
