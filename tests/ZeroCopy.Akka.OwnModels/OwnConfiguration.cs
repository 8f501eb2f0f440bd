using System.Text.Json.Serialization;

namespace ZeroCopy.OwnModels;

/// <summary>What the <c>config.json</c> of a folder says.</summary>
public sealed record OwnConfiguration(
    [property: JsonPropertyName("inputs")] int Inputs, [property: JsonPropertyName("outputs")] int Outputs);
