using System.Text.Json.Nodes;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Catalog;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>
/// Brings the tensors of BERT checkpoints to the names of <see cref="BertModel"/> and checks them against the configuration.
/// </summary>
internal static class BertCheckpoint
{
    private const string Prefix = "bert.";
    private const string Layers = "encoder.layer.";
    private const int MaxNamed = 5;

    // Old checkpoints keep what the model computes.
    private static readonly HashSet<string> Computed = ["embeddings.position_ids", "embeddings.token_type_ids"];

    /// <summary>The model's tensors in its order, and its configuration with a pooler where the checkpoint has one.</summary>
    /// <exception cref="InvalidModelException">
    /// The configuration makes no model, or tensors are missing, surplus layers, or have another shape or type.
    /// </exception>
    public static ModelCheckpoint Adapt(ModelCheckpoint checkpoint)
    {
        var (source, json, tensors) = checkpoint;
        var configuration = BertConfiguration.Parse(json, Path.Combine(source, "config.json"));
        var prefixed = tensors.SelectMany(tensor => tensor.Aliases.Prepend(tensor.Name))
            .Any(name => name.StartsWith(Prefix + "embeddings.", StringComparison.Ordinal));
        var found = new Dictionary<string, TensorSource>(StringComparer.Ordinal);
        var used = new HashSet<TensorSource>(ReferenceEqualityComparer.Instance);
        foreach (var (tensor, given) in tensors.SelectMany(tensor => tensor.Aliases.Prepend(tensor.Name).Select(name => (tensor, name))))
        {
            if (Rename(given, prefixed) is { } name && !found.TryAdd(name, tensor))
            {
                throw new InvalidModelException(
                    $"{source}: tensors '{found[name].Name}' and '{given}' are both {name}; remove one of them.");
            }
        }

        var hasPooler = configuration.HasPooler && found.ContainsKey("pooler.dense.weight");
        var adapted = new List<TensorSource>();
        var problems = new List<string>();
        foreach (var (name, shape) in Expected(configuration, hasPooler))
        {
            if (!found.Remove(name, out var tensor))
            {
                problems.Add($"{name} is missing");
                continue;
            }

            used.Add(tensor);
            if (!tensor.Layout.Shape.AsSpan().SequenceEqual(shape))
            {
                problems.Add($"{name} is {tensor.Layout}, the configuration says [{string.Join(", ", shape)}]");
            }
            else
            {
                adapted.Add(new RenamedTensor(name, tensor));
            }
        }

        problems.AddRange(found.Keys.Where(name => name.StartsWith(Layers, StringComparison.Ordinal))
            .Select(name => $"{name} is surplus, num_hidden_layers is {configuration.Layers}"));
        RequireNone(problems, source);
        RequireOneType(adapted, source);
        used.UnionWith(found.Where(pair => Computed.Contains(pair.Key)).Select(pair => pair.Value));
        var leftOut = tensors.Where(tensor => !used.Contains(tensor)).Select(tensor => tensor.Name).Order(StringComparer.Ordinal);
        return new ModelCheckpoint(source, hasPooler ? json : WithoutPooler(json), adapted) { LeftOut = [.. leftOut] };
    }

    // Checkpoints of models without a pooler do not say so in their configuration.
    private static string WithoutPooler(string json)
    {
        var configuration = JsonNode.Parse(json)!;
        configuration["add_pooling_layer"] = false;
        return configuration.ToJsonString();
    }

    private static void RequireNone(List<string> problems, string source)
    {
        if (problems.Count > 0)
        {
            var more = problems.Count > MaxNamed ? $"; and {problems.Count - MaxNamed} more" : "";
            throw new InvalidModelException(
                $"{source}: the weights do not fit config.json: {string.Join("; ", problems.Take(MaxNamed))}{more}. "
                + "Put the folder as transformers' save_pretrained writes it.");
        }
    }

    // libtorch computes in one type.
    private static void RequireOneType(List<TensorSource> tensors, string source)
    {
        var types = tensors.GroupBy(tensor => tensor.Layout.DType).OrderByDescending(group => group.Count()).ToList();
        if (types.Count > 1 || types[0].Key is not (DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64))
        {
            var found = types.Select(type => $"{type.Key.ToToken()} ({type.Count()}, such as {type.First().Name})");
            throw new InvalidModelException(
                $"{source}: the weights are {string.Join(" and ", found)}; "
                + "all must have the same floating-point type: in Python save model.float(), model.half() or model.bfloat16().");
        }
    }

    private static string? Rename(string name, bool prefixed)
    {
        if (prefixed)
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                return null;
            }

            name = name[Prefix.Length..];
        }

        return name.EndsWith(".LayerNorm.gamma", StringComparison.Ordinal) ? name[..^"gamma".Length] + "weight"
            : name.EndsWith(".LayerNorm.beta", StringComparison.Ordinal) ? name[..^"beta".Length] + "bias"
            : name;
    }

    private static IEnumerable<(string Name, long[] Shape)> Expected(BertConfiguration configuration, bool hasPooler)
    {
        long hidden = configuration.HiddenSize;
        long inner = configuration.IntermediateSize;
        yield return ("embeddings.word_embeddings.weight", [configuration.VocabularySize, hidden]);
        yield return ("embeddings.position_embeddings.weight", [configuration.MaxPositions, hidden]);
        yield return ("embeddings.token_type_embeddings.weight", [configuration.SegmentTypes, hidden]);
        yield return ("embeddings.LayerNorm.weight", [hidden]);
        yield return ("embeddings.LayerNorm.bias", [hidden]);
        for (var i = 0; i < configuration.Layers; i++)
        {
            (string Name, long[] Weight)[] parts =
            [
                ("attention.self.query", [hidden, hidden]), ("attention.self.key", [hidden, hidden]),
                ("attention.self.value", [hidden, hidden]),
                ("attention.output.dense", [hidden, hidden]), ("attention.output.LayerNorm", [hidden]),
                ("intermediate.dense", [inner, hidden]), ("output.dense", [hidden, inner]), ("output.LayerNorm", [hidden]),
            ];
            foreach (var (name, weight) in parts)
            {
                yield return ($"{Layers}{i}.{name}.weight", weight);
                yield return ($"{Layers}{i}.{name}.bias", [weight[0]]);
            }
        }

        if (hasPooler)
        {
            yield return ("pooler.dense.weight", [hidden, hidden]);
            yield return ("pooler.dense.bias", [hidden]);
        }
    }
}
