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
    private readonly ConcurrentDictionary<string, Func<string, ModelBuild, torch.nn.Module>> _factories = new(StringComparer.Ordinal);

    /// <summary>
    /// Registers a model type under a key, such as Hugging Face's <c>model_type</c>. The configuration is read by System.Text.Json: parameters
    /// of a record's constructor without a default, and <c>required</c> members, must be there; members of the JSON that the type does not
    /// have are ignored.
    /// </summary>
    /// <exception cref="ArgumentException">The key is taken.</exception>
    public ModelCatalog Register<TModule, TConfiguration>(string key, Func<TConfiguration, ModelBuild, TModule> factory)
        where TModule : torch.nn.Module
        where TConfiguration : notnull
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(factory);
        if (!_factories.TryAdd(key, (json, build) => factory(Parse<TConfiguration>(key, json), build)))
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
    public IReadOnlyCollection<string> Keys => [.. _factories.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether the key is registered.</summary>
    public bool Contains(string key) => _factories.ContainsKey(key);

    /// <summary>Builds a module of a registered type.</summary>
    /// <exception cref="RecipeUnavailableException">The key is not registered.</exception>
    /// <exception cref="InvalidModelException">The configuration is not what the type takes.</exception>
    internal torch.nn.Module Build(string key, string configuration, ModelBuild build) =>
        _factories.TryGetValue(key, out var factory)
            ? factory(configuration, build)
            : throw new RecipeUnavailableException(
                $"No model type is registered under '{key}' here (registered: {string.Join(", ", _factories.Keys.Order())}). "
                + "Register it with ModelCatalog.Register.");

    private static TConfiguration Parse<TConfiguration>(string key, string json)
    {
        try
        {
            return JsonSerializer.Deserialize<TConfiguration>(json, Strict)
                ?? throw new InvalidModelException($"The configuration of model type '{key}' is null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidModelException($"The configuration of model type '{key}' is not a {typeof(TConfiguration).Name}: {exception.Message}", exception);
        }
    }
}
