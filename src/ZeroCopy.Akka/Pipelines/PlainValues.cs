using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroCopy.Errors;

namespace ZeroCopy.Pipelines;

/// <summary>Plain members of a pipeline as JSON, by path; read back by the types that the receiver declares.</summary>
internal static class PlainValues
{
    private static readonly JsonSerializerOptions Json = new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        MaxDepth = 64,
    };

    public static ImmutableSortedDictionary<string, JsonElement> Write(IEnumerable<PipelineSlot> slots)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, JsonElement>(StringComparer.Ordinal);
        foreach (var slot in slots)
        {
            values[slot.Path] = JsonSerializer.SerializeToElement(slot.Value, slot.DeclaredType, Json);
        }

        return values.ToImmutable();
    }

    /// <summary>Sets every member that the receiver's object has; values for members that it lacks are left out.</summary>
    /// <exception cref="InvalidModelException">A value does not fit the type that the receiver declares.</exception>
    public static void Apply(IReadOnlyDictionary<string, JsonElement> values, IEnumerable<PipelineSlot> slots)
    {
        foreach (var slot in slots)
        {
            if (!values.TryGetValue(slot.Path, out var value))
            {
                continue;
            }

            try
            {
                slot.Set(value.Deserialize(slot.DeclaredType, Json));
            }
            catch (Exception exception) when (exception is JsonException or NotSupportedException or ArgumentException)
            {
                throw new InvalidModelException(
                    $"The wrapper's value of '{slot.Path}' does not fit {slot.DeclaredType}: {exception.Message}", exception);
            }
        }
    }
}
