using System.Collections.Immutable;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>
/// Which operators may have a row's answer depend on the elements of other rows, in a way that shows for some elements only: the rows of
/// several calls joined to one would be answered otherwise than alone, though joining was right for the calls before.
/// </summary>
/// <remarks>
/// Looked for are numbers made of a tensor's elements, on which code branches; reductions and orders of all elements or of the first
/// dimension; what is scaled by a range over all elements. Rows that are mixed by their places, as by a product with a transposed tensor,
/// show at any elements when a joined call is compared with single ones.
/// </remarks>
internal static class RowOperators
{
    /// <summary>Functions of the language that make a number of a tensor.</summary>
    private static readonly ImmutableHashSet<string> Conversions = ["bool", "int", "float", "complex"];

    /// <summary>
    /// Operators over some dimensions, with the place of the argument that says which; without it, over all of them.
    /// </summary>
    private static readonly ImmutableDictionary<string, int> Reductions = new Dictionary<string, int>
    {
        ["max"] = 1,
        ["min"] = 1,
        ["amax"] = 1,
        ["amin"] = 1,
        ["aminmax"] = 1,
        ["argmax"] = 1,
        ["argmin"] = 1,
        ["sum"] = 1,
        ["nansum"] = 1,
        ["mean"] = 1,
        ["nanmean"] = 1,
        ["prod"] = 1,
        ["std"] = 1,
        ["var"] = 1,
        ["std_mean"] = 1,
        ["var_mean"] = 1,
        ["all"] = 1,
        ["any"] = 1,
        ["median"] = 1,
        ["nanmedian"] = 1,
        ["count_nonzero"] = 1,
        ["logsumexp"] = 1,
        ["norm"] = 2,
        ["linalg_norm"] = 2,
        ["linalg_vector_norm"] = 2,
        ["quantile"] = 2,
        ["nanquantile"] = 2,
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>Operators along one dimension, by default the last one, with the place of the argument that says which.</summary>
    private static readonly ImmutableDictionary<string, int> Orders = new Dictionary<string, int>
    {
        ["mode"] = 1,
        ["sort"] = 1,
        ["argsort"] = 1,
        ["msort"] = 0,
        ["topk"] = 2,
        ["kthvalue"] = 2,
        ["cummax"] = 1,
        ["cummin"] = 1,
        ["cumsum"] = 1,
        ["cumprod"] = 1,
        ["logcumsumexp"] = 1,
        ["softmax"] = 1,
        ["log_softmax"] = 1,
        ["flip"] = 1,
        ["roll"] = 2,
        ["diff"] = 2,
        ["gather"] = 1,
        ["scatter"] = 1,
        ["scatter_add"] = 1,
        ["scatter_reduce"] = 1,
        ["index_add"] = 1,
        ["index_copy"] = 1,
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>Answers that take from their first argument its sizes and its type alone.</summary>
    private static readonly ImmutableHashSet<string> Layouts =
    [
        "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "randint_like", "new_zeros", "new_ones",
        "new_full", "new_empty", "_shape_as_tensor",
    ];

    /// <summary>Whether a function of the language makes a number of a tensor.</summary>
    public static bool IsConversion(string name) => Conversions.Contains(name);

    /// <summary>Whether an operator's answer is a number or a fact; where that is of elements, the operator is found itself.</summary>
    public static bool IsFact(string space, string name) => space switch
    {
        "aten" => OperatorNames.Numbers.Contains(name),
        "prim" => OperatorNames.Facts.Contains(name) && name is not ("max" or "min" or "abs"),
        _ => false,
    };

    /// <summary>Whether an operator's answer has nothing of the elements of its first argument.</summary>
    public static bool ReadsLayoutAlone(string space, string name) => space == "aten" && Layouts.Contains(name);

    /// <summary>Whether an operator may have a row's answer depend on the elements of other rows.</summary>
    /// <param name="space">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">What it is given by position.</param>
    /// <param name="place">Where it is called, with the arguments as they are written there.</param>
    public static bool Mixes(string space, string name, ImmutableArray<AbstractValue> arguments, Expression place)
    {
        if (space == "quantized")
        {
            // Activations are quantized by the range of all of them.
            return name.Contains("_dynamic", StringComparison.Ordinal);
        }

        // In place it is the same.
        name = name.EndsWith('_') && name[0] != '_' ? name[..^1] : name;

        // Each of these has another form, for elements one by one.
        var isOfSize = name switch
        {
            "where" => arguments.Length == 1,
            "one_hot" => arguments.Length == 1 || Written(place, arguments.Length, 1) is Expression.Operation,
            "repeat_interleave" => arguments.Length == 1 || !arguments[1].IsScalar,
            _ => false,
        };
        if (isOfSize || OperatorNames.OverElements.Contains(name))
        {
            return true;
        }

        if (OperatorNames.Norms.Contains(name))
        {
            // In training it is over the rows.
            return arguments.Length > 5 && arguments[5].Truth != Truth.False && !name.StartsWith("instance", StringComparison.Ordinal);
        }

        return Reductions.TryGetValue(name, out var at) ? IsOverAll(arguments, at) || IsFirst(Written(place, arguments.Length, at))
            : Orders.TryGetValue(name, out at) && (name == "msort" || IsFirst(Written(place, arguments.Length, at)));
    }

    // The maximum of two tensors is one of each pair; a number that is no dimension says how a deviation is divided.
    private static bool IsOverAll(ImmutableArray<AbstractValue> arguments, int at) =>
        arguments.Length <= at || arguments[at].Truth is Truth.None or Truth.True or Truth.False;

    private static bool IsFirst(Expression? dimensions) => dimensions switch
    {
        Expression.Constant constant => constant.IsZero,
        Expression.Container { Parts: var parts } => parts.IsEmpty || parts.Any(IsFirst),
        _ => false,
    };

    // A tensor's method has the tensor before its arguments.
    private static Expression? Written(Expression place, int count, int at) =>
        place is Expression.Call { Arguments: var written } && at - (count - written.Length) is >= 0 and var index && index < written.Length
            ? written[index] : null;
}
