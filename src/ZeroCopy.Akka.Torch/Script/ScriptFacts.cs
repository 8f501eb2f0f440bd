using System.Collections.Immutable;
using System.Globalization;
using ZeroCopy.Torch.Script.Sources;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script;

/// <summary>
/// What is known about a script from its archive; kept in the manifest's metadata, so that opening a model reads no code.
/// </summary>
/// <param name="UnsharedBytes">Bytes of tensors that stay in the skeleton, so that every load holds its own copy.</param>
/// <param name="UnsharedTensors">Number of such tensors.</param>
/// <param name="HostOnly">
/// Whether it holds objects of libtorch's own classes, such as the packed weights of quantized layers: to load those onto a device ends
/// the process.
/// </param>
/// <param name="Writer">
/// What in the code may write to the module, so that every instance needs a module of its own; null where nothing does.
/// </param>
/// <param name="Copied">Tensors that the code may change in place, so that every instance needs memory of its own for them.</param>
/// <param name="MixingRows">
/// The methods that may answer a row of a tensor otherwise beside other rows, each with what it does that by. Others may as well, in ways
/// that show whichever the rows are.
/// </param>
/// <param name="Lending">Methods whose answers may be tensors of the module, or views of them.</param>
/// <param name="Methods">The methods that can be called, with their arguments.</param>
/// <param name="Adapted">The methods that can be called through a <see cref="ScriptAdapter"/>, with the types of their answers.</param>
/// <param name="Refused">The methods whose answers only TorchScript can hold, with the types of those.</param>
/// <param name="Results">The types of the methods' answers; nothing for methods that an older version put.</param>
internal sealed record ScriptFacts(
    long UnsharedBytes,
    int UnsharedTensors,
    bool HostOnly,
    string? Writer,
    ImmutableHashSet<string> Copied,
    ImmutableSortedDictionary<string, string> MixingRows,
    ImmutableHashSet<string> Lending,
    ImmutableSortedDictionary<string, ImmutableArray<ScriptParameter>> Methods,
    ImmutableSortedDictionary<string, ScriptType> Adapted,
    ImmutableSortedDictionary<string, ScriptType> Refused,
    ImmutableSortedDictionary<string, ScriptType> Results)
{
    private const string UnsharedBytesKey = "script.unshared-bytes";
    private const string UnsharedTensorsKey = "script.unshared-tensors";
    private const string HostOnlyKey = "script.host-only";
    private const string StatefulKey = "script.stateful";
    private const string CopiedKey = "script.copied";
    private const string SharingKey = "script.sharing";
    private const string MixingRowsKey = "script.mixing-rows.";
    private const string LendingKey = "script.lending";
    private const string Shared = "shared: nothing that can be called writes to the module";
    private const string Isolated = "isolated: ";
    private const string MethodKey = "script.method.";
    private const string AdaptedKey = "script.adapted.";
    private const string RefusedKey = "script.refused.";
    private const string ResultKey = "script.result.";

    public static ScriptFacts Empty { get; } =
        new(
            0, 0, false, "nothing is known", [], ImmutableSortedDictionary<string, string>.Empty, [],
            ImmutableSortedDictionary<string, ImmutableArray<ScriptParameter>>.Empty,
            ImmutableSortedDictionary<string, ScriptType>.Empty, ImmutableSortedDictionary<string, ScriptType>.Empty,
            ImmutableSortedDictionary<string, ScriptType>.Empty);

    public static ScriptFacts FromMetadata(IReadOnlyDictionary<string, string> metadata) => new(
        long.Parse(metadata.GetValueOrDefault(UnsharedBytesKey, "0"), CultureInfo.InvariantCulture),
        int.Parse(metadata.GetValueOrDefault(UnsharedTensorsKey, "0"), CultureInfo.InvariantCulture),
        metadata.ContainsKey(HostOnlyKey),
        WriterOf(metadata.GetValueOrDefault(SharingKey)),
        Names(metadata, CopiedKey),
        Under(metadata, MixingRowsKey, finding => finding),
        Names(metadata, LendingKey),
        Under(metadata, MethodKey, Parameters),
        Under(metadata, AdaptedKey, ScriptType.Parse),
        Under(metadata, RefusedKey, ScriptType.Parse),
        Under(metadata, ResultKey, ScriptType.Parse));

    /// <summary>Whether every instance needs a module of its own.</summary>
    public bool Stateful => Writer is not null;

    public ImmutableSortedDictionary<string, string> ToMetadata()
    {
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        metadata[UnsharedBytesKey] = UnsharedBytes.ToString(CultureInfo.InvariantCulture);
        metadata[UnsharedTensorsKey] = UnsharedTensors.ToString(CultureInfo.InvariantCulture);
        if (HostOnly)
        {
            metadata[HostOnlyKey] = "true";
        }

        metadata[StatefulKey] = Stateful ? "true" : "false";
        metadata[CopiedKey] = string.Join('\n', Copied.Order(StringComparer.Ordinal));
        metadata[SharingKey] = Writer is null ? Shared : Isolated + Writer;
        foreach (var (name, finding) in MixingRows)
        {
            metadata[MixingRowsKey + name] = finding;
        }

        if (!Lending.IsEmpty)
        {
            metadata[LendingKey] = string.Join('\n', Lending.Order(StringComparer.Ordinal));
        }

        foreach (var (name, parameters) in Methods)
        {
            metadata[MethodKey + name] = string.Join(
                '\n', parameters.Select(parameter => $"{parameter.Name}{(parameter.IsOptional ? "?" : "")}: {parameter.Type}"));
        }

        foreach (var (name, result) in Adapted)
        {
            metadata[AdaptedKey + name] = result.ToString();
        }

        foreach (var (name, result) in Refused)
        {
            metadata[RefusedKey + name] = result.ToString();
        }

        foreach (var (name, result) in Results)
        {
            metadata[ResultKey + name] = result.ToString();
        }

        return metadata.ToImmutable();
    }

    // What an older version put says nothing about sharing, and nothing was proven of it.
    private static string? WriterOf(string? sharing) =>
        sharing == Shared ? null
        : sharing?.StartsWith(Isolated, StringComparison.Ordinal) == true ? sharing[Isolated.Length..] : "it was put by an older version";

    private static ImmutableHashSet<string> Names(IReadOnlyDictionary<string, string> metadata, string key) =>
        [.. metadata.GetValueOrDefault(key, "").Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static ImmutableSortedDictionary<string, T> Under<T>(
        IReadOnlyDictionary<string, string> metadata, string prefix, Func<string, T> read) =>
        metadata.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToImmutableSortedDictionary(item => item.Key[prefix.Length..], item => read(item.Value), StringComparer.Ordinal);

    private static ImmutableArray<ScriptParameter> Parameters(string text) =>
    [
        .. from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
           let parts = line.Split(": ", 2)
           where parts.Length == 2
           select new ScriptParameter(parts[0].TrimEnd('?'), parts[1], parts[0].EndsWith('?'))
    ];
}
