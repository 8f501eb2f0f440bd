using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Wrapping;

/// <summary>
/// A wrapper as it travels: which models stand where, and the plain values around them. Version 1 is UTF-8 JSON with the members below. It
/// holds data only: types are the receiver's, and <see cref="TypeName"/> is for people to read.
/// </summary>
internal sealed record WrapperDocument
{
    /// <summary>The format's version.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Most bytes of a serialised wrapper.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 64,
    };

    public required int Version { get; init; }

    /// <summary>Tells pipelines of one process apart, so that the process that wrapped one finds its template again.</summary>
    public required Guid Template { get; init; }

    public required bool TaskMode { get; init; }

    public required string TypeName { get; init; }

    /// <summary>Allowed methods beside the call itself.</summary>
    public required ImmutableArray<string> Methods { get; init; }

    public required ImmutableArray<WrappedModule> Modules { get; init; }

    public WrappedTensors? Tensors { get; init; }

    /// <summary>Plain values by path.</summary>
    public required ImmutableSortedDictionary<string, JsonElement> Values { get; init; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="InvalidModelException">Not a wrapper of this version.</exception>
    public static WrapperDocument Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new InvalidModelException($"A serialised wrapper has {bytes.Length} bytes; the limit is {MaxBytes}.");
        }

        WrapperDocument? document;
        try
        {
            document = JsonSerializer.Deserialize<WrapperDocument>(bytes, Json);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or NotSupportedException)
        {
            throw new InvalidModelException($"Not a serialised wrapper: {exception.Message}", exception);
        }

        if (document is null || document.Version != CurrentVersion || document.Methods.IsDefault || document.Modules.IsDefault
            || document.Modules.Any(module => module is null || module.Paths.IsDefaultOrEmpty || !ModelId.TryParse(module.Id, out _)
                || (module.Name is not null && !ModelName.TryParse(module.Name, out _)))
            || (document.Tensors is { } tensors
                && (!ModelId.TryParse(tensors.Id, out _) || tensors.Paths.Values.Any(paths => paths.IsDefault))))
        {
            throw new InvalidModelException(
                "Not a serialised wrapper of version "
                + $"{CurrentVersion}{(document is null ? "" : $": version {document.Version} or members of another form")}.");
        }

        return document;
    }
}
