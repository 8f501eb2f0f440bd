using System.Text.Json;
using System.Text.Unicode;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch.Checkpoints;

/// <summary>Opens a model folder as Hugging Face's libraries save it: <c>config.json</c> beside weights in safetensors.</summary>
internal static class ModelFolder
{
    private const long MaxConfigurationBytes = 16 << 20;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static Checkpoint Open(string folder, ModelCatalog catalog)
    {
        var (type, configuration) = ReadConfiguration(Path.Combine(folder, "config.json"), folder);
        if (!catalog.Contains(type))
        {
            throw new InvalidModelException(
                $"{Path.Combine(folder, "config.json")}: model_type '{type}' is not registered here; known: "
                + $"{string.Join(", ", catalog.Keys.Order(StringComparer.Ordinal))}. "
                + "Register it with ModelCatalog.Register, name the assembly that brings it (--models, zerocopy.models.assemblies), or "
                + "export the model with torch.jit.save.");
        }

        return Checkpoint.Open(files =>
        {
            var weights = ReadWeights(folder);
            files.Add(weights);
            var adapted = catalog.Adapt(type, new ModelCheckpoint(folder, configuration, weights.Tensors));
            var recipe = new Recipe.Catalog(type, adapted.Configuration);
            TrialBuild.Require(adapted.Tensors, recipe, catalog, $"{folder}: the folder", "Correct config.json or the weights.");
            var content = weights.ToContent(recipe) with { Tensors = adapted.Tensors };
            return adapted.LeftOut.IsDefaultOrEmpty
                ? content
                : content with { Metadata = content.Metadata.SetItem(ModelMetadata.LeftOut, string.Join('\n', adapted.LeftOut)) };
        });
    }

    private static (string Type, string Configuration) ReadConfiguration(string path, string folder)
    {
        if (!File.Exists(path))
        {
            throw new InvalidModelException(
                $"{folder}: the folder has no config.json, so it is not a model folder; put a single file instead.");
        }

        if (new FileInfo(path).Length > MaxConfigurationBytes)
        {
            throw new InvalidModelException($"{path}: a configuration of over {MaxConfigurationBytes} bytes is not read.");
        }

        var text = File.ReadAllBytes(path);
        if (!Utf8.IsValid(text))
        {
            throw new InvalidModelException($"{path}: not JSON: it is not UTF-8. Put the folder as its library saved it.");
        }

        try
        {
            using var json = JsonDocument.Parse(text, Strict);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidModelException($"{path}: the configuration is no JSON object; put the folder as its library saved it.");
            }

            // Without its white space, so that the same configuration is the same model.
            return json.RootElement.TryGetProperty("model_type", out var type) && type.ValueKind == JsonValueKind.String
                ? (type.GetString()!, JsonSerializer.Serialize(json.RootElement))
                : throw new InvalidModelException($"{path}: the configuration has no text 'model_type', which says what to build; add it.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Invalid operation: a text with half of a surrogate pair.
            throw new InvalidModelException(
                $"{path}: not JSON: {exception.Message.ReplaceLineEndings(" ")} Put the folder as its library saved it.", exception);
        }
    }

    private static SafetensorsFile ReadWeights(string folder)
    {
        var single = Path.Combine(folder, "model.safetensors");
        var index = Path.Combine(folder, "model.safetensors.index.json");
        return SafetensorsFile.Open(
            File.Exists(single) ? single
            : File.Exists(index) ? index
            : throw new InvalidModelException($"{folder}: the folder has neither model.safetensors nor model.safetensors.index.json; "
                + "pickled weights (pytorch_model.bin) are never read: in Python save with model.save_pretrained(folder)."));
    }
}
