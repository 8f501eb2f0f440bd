using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using TorchSharp;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Catalog;

/// <summary>
/// The model types that this process can build: key + JSON configuration in, module out. A key that a manifest or a message names is only
/// ever looked up here. Thread-safe.
/// </summary>
public sealed class ModelCatalog
{
    // A member that is absent or null is said, never taken for 0.
    private static readonly JsonSerializerOptions Strict = new()
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private readonly HashSet<Assembly> _assemblies = [];
    private readonly ConcurrentDictionary<string, ModelType> _types = new(StringComparer.Ordinal);

    /// <summary>
    /// Registers a model type under a key, such as Hugging Face's <c>model_type</c>. The configuration is read by System.Text.Json:
    /// parameters of a record's constructor without a default, and <c>required</c> members, must be there; members of the JSON that the
    /// type does not have are ignored.
    /// </summary>
    /// <param name="key">What manifests and a folder's <c>config.json</c> name the type by.</param>
    /// <param name="factory">Builds a module.</param>
    /// <param name="adapt">
    /// Makes of the folder that a library saved what the module takes: other names of tensors (<see cref="ModelCheckpoint.Rename"/>), or
    /// other tensors, or another configuration. Called once for a put, before anything is read but headers. Null where checkpoints have the
    /// module's own names.
    /// </param>
    /// <exception cref="ArgumentException">The key is taken.</exception>
    public ModelCatalog Register<TModule, TConfiguration>(
        string key, Func<TConfiguration, ModelBuild, TModule> factory, Func<ModelCheckpoint, ModelCheckpoint>? adapt = null)
        where TModule : torch.nn.Module
        where TConfiguration : notnull
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(factory);
        if (!_types.TryAdd(key, new ModelType(typeof(TModule), (json, build) => factory(Parse<TConfiguration>(key, json), build), adapt)))
        {
            throw new ArgumentException($"A model type is registered under '{key}' already.", nameof(key));
        }

        return this;
    }

    /// <summary>
    /// Registers the model types that an assembly brings: those of its classes that implement <see cref="IModelTypes"/>. The assembly is
    /// loaded beside this program, shares the program's assemblies of ours and TorchSharp, and brings its other dependencies itself; where
    /// this program has an assembly of that name, that one is taken. Once for each assembly: a second call changes nothing.
    /// </summary>
    /// <param name="assemblyPath">
    /// The assembly's file. A relative path is looked for in the working directory, then beside the program.
    /// </param>
    /// <exception cref="ModelAssemblyException">
    /// The file is not there, is no assembly, was built with a newer version of ours or of TorchSharp, has no such class, or that class
    /// fails, as with a key that is taken.
    /// </exception>
    public ModelCatalog RegisterFrom(string assemblyPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(assemblyPath);
        var (assembly, types) = ModelAssembly.Read(assemblyPath);
        lock (_assemblies)
        {
            if (_assemblies.Contains(assembly))
            {
                return this;
            }

            foreach (var type in types)
            {
                try
                {
                    type.Register(this);
                }
                catch (Exception e)
                {
                    throw new ModelAssemblyException(
                        $"{type.GetType()} of '{assembly.Location}' cannot register its model types: {e.Message}", e);
                }
            }

            _assemblies.Add(assembly);
            return this;
        }
    }

    /// <summary>The registered keys.</summary>
    public IReadOnlyCollection<string> Keys => [.. _types.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether the key is registered.</summary>
    public bool Contains(string key) => _types.ContainsKey(key);

    /// <summary>The class that is registered under a key, which modules may derive from; null where none is.</summary>
    internal Type? TypeOf(string key) => _types.TryGetValue(key, out var registered) ? registered.Type : null;

    /// <summary>Builds a module of a registered type.</summary>
    /// <exception cref="RecipeUnavailableException">The key is not registered.</exception>
    /// <exception cref="InvalidModelException">The configuration is not what the type takes.</exception>
    internal torch.nn.Module Build(string key, string configuration, ModelBuild build) =>
        _types.TryGetValue(key, out var registered)
            ? registered.Build(configuration, build)
            : throw new RecipeUnavailableException(
                $"No model type is registered under '{key}' here (registered: {string.Join(", ", _types.Keys.Order())}). "
                + "Register it with ModelCatalog.Register.");

    /// <summary>A folder's checkpoint as the registered type takes it.</summary>
    /// <exception cref="InvalidModelException">The checkpoint is none of that type, or its adapter fails; the message says why.</exception>
    internal ModelCheckpoint Adapt(string key, ModelCheckpoint checkpoint)
    {
        if (!_types.TryGetValue(key, out var registered) || registered.Adapt is not { } adapt)
        {
            return checkpoint;
        }

        try
        {
            return adapt(checkpoint) ?? throw new InvalidModelException(
                $"{checkpoint.Folder}: the adapter of model type '{key}' returns no checkpoint. Correct what the catalog registers.");
        }
        catch (Exception exception) when (exception is not (InvalidModelException or OutOfMemoryException))
        {
            throw new InvalidModelException(
                $"{checkpoint.Folder}: the adapter of model type '{key}' fails: {exception.Message.Split('\n')[0].TrimEnd('.')}. "
                + "Correct the folder, or what the catalog registers.",
                exception);
        }
    }

    private static TConfiguration Parse<TConfiguration>(string key, string json)
    {
        try
        {
            return JsonSerializer.Deserialize<TConfiguration>(json, Strict)
                ?? throw new InvalidModelException($"The configuration of model type '{key}' is null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidModelException(
                $"The configuration of model type '{key}' is not a {typeof(TConfiguration).Name}: {exception.Message}", exception);
        }
    }
}
