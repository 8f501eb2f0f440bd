using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>
/// What is known of libtorch's operators: which arguments they write to, and what their answers share memory with. Names that end in an
/// underscore write to their first argument, and arguments by name may be written to; all else that writes stands here, and a spec compares
/// it with the declarations in libtorch. Whatever is not known to give new memory counts as giving views.
/// </summary>
internal static class Operators
{
    /// <summary>All arguments of an operator, in the list of those that it writes to.</summary>
    public const int All = -1;

    private static readonly ImmutableArray<int> None = [];
    private static readonly ImmutableArray<int> First = [0];
    private static readonly ImmutableArray<int> Everything = [All];

    private static readonly ImmutableDictionary<string, ImmutableArray<int>> Writers = new Dictionary<string, ImmutableArray<int>>
    {
        ["append"] = First,
        ["_set_item"] = First,
        ["extend"] = First,
        ["insert"] = First,
        ["setdefault"] = First,
        ["update"] = [0, 1],
        ["pop"] = First,
        ["popitem"] = First,
        ["clear"] = First,
        ["remove"] = First,
        ["reverse"] = First,
        ["sort"] = First,
        ["Delete"] = First,
        ["record_stream"] = First,
        ["retain_grad"] = First,
        ["rrelu_with_noise"] = [1],
        ["rrelu_with_noise_"] = [0, 1],
        ["_copy_from"] = [1],
        ["_copy_from_and_resize"] = [1],
        ["batch_norm_update_stats"] = [1, 2],
        ["batch_norm_gather_stats"] = [3, 4],
        ["batch_norm_gather_stats_with_counts"] = [3, 4],
        ["_batch_norm_with_update"] = [3, 4],
        ["set_"] = Everything,
        ["set_data"] = Everything,
        ["backward"] = Everything,
        ["fused_moving_avg_obs_fake_quant"] = Everything,
        ["fbgemm_linear_fp16_weight"] = Everything,
        ["fbgemm_linear_fp16_weight_fp32_activation"] = Everything,
        ["swap_"] = Everything,
        ["tile_reduce"] = Everything,
        ["multi_root_tile_reduce"] = Everything,
        ["manual_seed"] = First,
        ["seed"] = First,
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>The arguments that an operator writes to.</summary>
    /// <param name="space">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">What it is given by position.</param>
    public static ImmutableArray<int> Writes(string space, string name, IReadOnlyList<AbstractValue> arguments)
    {
        if (space == "aten")
        {
            // A tensor is sorted into another one.
            return OperatorNames.Norms.Contains(name) ? arguments.Count > 5 && arguments[5].Truth is Truth.False ? None : [3, 4]
                : name == "sort" && arguments is [{ IsTensor: true }, ..] ? None
                : WritesByName(name);
        }

        return space == "quantized" && OperatorNames.QuantizedOut.Contains(name) ? [2]
            : name.EndsWith("_out", StringComparison.Ordinal) ? Everything : None;
    }

    /// <summary>The arguments that an operator of aten writes to, whatever it is given.</summary>
    public static ImmutableArray<int> WritesByName(string name) =>
        OperatorNames.Norms.Contains(name) ? [3, 4]
        : Writers.TryGetValue(name, out var written) ? written
        : name.EndsWith("_out", StringComparison.Ordinal) ? Everything
        : name.EndsWith("__", StringComparison.Ordinal)
            ? name.StartsWith("__i", StringComparison.Ordinal) && !OperatorNames.NotInPlace.Contains(name) ? First : None
        : name.EndsWith('_') ? name[0] == '_' ? Everything : First
        : None;

    /// <summary>Whether what an operator is given stays in its first argument.</summary>
    public static bool Stores(string name, IReadOnlyList<AbstractValue> arguments) => OperatorNames.Fillers.Contains(name)
        // A list, or a tensor, whose elements are copied.
        || (name is "add_" or "__iadd__" && !arguments[0].IsTensor && !arguments[1].IsTensor && !arguments[1].IsScalar);

    /// <summary>Whether an operator's answer is one new tensor.</summary>
    public static bool IsTensor(string space, string name) => space == "aten" && OperatorNames.Tensors.Contains(name);

    /// <summary>What an operator's answer shares memory with.</summary>
    public static OperatorKind KindOf(string space, string name) => space switch
    {
        "aten" => OperatorNames.Containers.Contains(name) ? OperatorKind.Container
            : OperatorNames.ListsOfViews.Contains(name) ? OperatorKind.Views
            : OperatorNames.Views.Contains(name) ? OperatorKind.View
            : IsResult(name) ? OperatorKind.Fresh
            : name[0] != '_' || name.StartsWith("__", StringComparison.Ordinal) || IsKnown(name) || !WritesByName(name).IsEmpty
                ? OperatorKind.Unknown
            : OperatorKind.Opaque,
        "prim" => OperatorNames.Facts.Contains(name) ? OperatorKind.Fresh
            : OperatorNames.PassedOn.Contains(name) ? OperatorKind.Unknown : OperatorKind.Opaque,
        "quantized" when IsQuantizedResult(name) => OperatorKind.Fresh,
        "quantized" or "_quantized" or "prepacked" or "mkldnn" or "mkldnn_prepacked" or "onednn" or "sparse" =>
            name.EndsWith('_') ? OperatorKind.Opaque : OperatorKind.Unknown,
        _ => OperatorKind.Opaque,
    };

    private static bool IsResult(string name) =>
        OperatorNames.Numbers.Contains(name) || OperatorNames.Several.Contains(name) || OperatorNames.Tensors.Contains(name);

    private static bool IsKnown(string name) => OperatorNames.Private.Contains(name)
        || OperatorNames.PrivateFamilies.Any(family => name.StartsWith(family, StringComparison.Ordinal));

    private static bool IsQuantizedResult(string name) => !name.Contains("pack", StringComparison.Ordinal)
        && OperatorNames.QuantizedResults.Any(result => name.StartsWith(result, StringComparison.Ordinal));
}
