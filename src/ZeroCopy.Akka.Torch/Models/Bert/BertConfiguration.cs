using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Models.Bert;

/// <summary>Sizes of a BERT encoder, named as in Hugging Face's <c>config.json</c>; the defaults are BERT-base's.</summary>
public sealed record BertConfiguration
{
    private const int MaxSize = 1 << 24;
    private const int MaxLayers = 10_000;
    private const string Absolute = "absolute";

    /// <summary>Tokens in the vocabulary.</summary>
    [JsonPropertyName("vocab_size")]
    public int VocabularySize { get; init; } = 30522;

    /// <summary>Elements of a hidden state.</summary>
    [JsonPropertyName("hidden_size")]
    public int HiddenSize { get; init; } = 768;

    /// <summary>Layers of the encoder.</summary>
    [JsonPropertyName("num_hidden_layers")]
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads; they divide <see cref="HiddenSize"/>.</summary>
    [JsonPropertyName("num_attention_heads")]
    public int Heads { get; init; } = 12;

    /// <summary>Elements inside the feed-forward part of a layer.</summary>
    [JsonPropertyName("intermediate_size")]
    public int IntermediateSize { get; init; } = 3072;

    /// <summary>Most tokens of a sequence.</summary>
    [JsonPropertyName("max_position_embeddings")]
    public int MaxPositions { get; init; } = 512;

    /// <summary>Kinds of segments.</summary>
    [JsonPropertyName("type_vocab_size")]
    public int SegmentTypes { get; init; } = 2;

    /// <summary>The norms' epsilon.</summary>
    [JsonPropertyName("layer_norm_eps")]
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>The feed-forward part's activation.</summary>
    [JsonPropertyName("hidden_act")]
    public string Activation { get; init; } = "gelu";

    /// <summary>Standard deviation of freshly initialised weights.</summary>
    [JsonPropertyName("initializer_range")]
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Whether a pooler follows the encoder.</summary>
    [JsonPropertyName("add_pooling_layer")]
    public bool HasPooler { get; init; } = true;

    [JsonInclude]
    [JsonPropertyName("position_embedding_type")]
    internal string? PositionEmbeddings { get; init; } = Absolute;

    [JsonInclude]
    [JsonPropertyName("is_decoder")]
    internal bool IsDecoder { get; init; }

    /// <summary>Reads and checks a configuration; <paramref name="source"/> is for error messages.</summary>
    /// <exception cref="InvalidModelException">A member has the wrong type or a value that makes no model.</exception>
    public static BertConfiguration Parse(string json, string source)
    {
        try
        {
            var configuration = JsonSerializer.Deserialize<BertConfiguration>(json) ?? throw new JsonException("it is null");
            configuration.Validate();
            return configuration;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidModelException(
                $"{source}: not a BERT configuration: {exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Correct config.json.",
                exception);
        }
    }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value makes no model; the message names it.</exception>
    public void Validate()
    {
        (string Name, int Value)[] sizes =
        [
            ("vocab_size", VocabularySize), ("hidden_size", HiddenSize), ("num_hidden_layers", Layers), ("num_attention_heads", Heads),
            ("intermediate_size", IntermediateSize), ("max_position_embeddings", MaxPositions), ("type_vocab_size", SegmentTypes),
        ];
        foreach (var (name, value) in sizes)
        {
            var most = name == "num_hidden_layers" ? MaxLayers : MaxSize;
            if (value < 1 || value > most)
            {
                throw new ArgumentException($"{name} is {value}; it must be between 1 and {most}.");
            }
        }

        if (HiddenSize % Heads != 0)
        {
            throw new ArgumentException($"hidden_size {HiddenSize} is not a multiple of num_attention_heads {Heads}.");
        }

        if (!double.IsFinite(NormEpsilon) || NormEpsilon <= 0)
        {
            throw new ArgumentException($"layer_norm_eps is {NormEpsilon}; it must be above 0.");
        }

        // Another model of the same tensors: it would load, and answer wrongly.
        if (IsDecoder || PositionEmbeddings is not (Absolute or null))
        {
            throw new ArgumentException(
                (IsDecoder ? "is_decoder is true" : $"position_embedding_type is '{PositionEmbeddings}'")
                + "; only encoders with absolute positions are built here: export this model with torch.jit.save.");
        }

        BertActivation.For(Activation);
    }
}
