using System.Collections.Immutable;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Binding;

/// <summary>Which columns of a dataset go to which inputs of a method. Immutable.</summary>
internal sealed class BindingPlan
{
    private const string TextInput = "str";
    private const string TextList = "List[str]";

    private BindingPlan(ImmutableArray<InputBinding> inputs) => Inputs = inputs;

    public ImmutableArray<InputBinding> Inputs { get; }

    /// <summary>Finds a column for each input that needs one.</summary>
    /// <param name="method">The method.</param>
    /// <param name="columns">The dataset's columns.</param>
    /// <param name="unread">Its other columns.</param>
    /// <param name="keep">Columns that are carried over, and go to an input only where the options or its name say so.</param>
    /// <param name="options">What the user asked for.</param>
    /// <exception cref="DatasetException">A name is unknown, an input is left over, or a column cannot be what an input takes.</exception>
    public static BindingPlan Create(
        MethodSignature method, ImmutableArray<ColumnType> columns, ImmutableArray<UnreadColumn> unread,
        IReadOnlyCollection<string> keep, BindingOptions options)
    {
        foreach (var name in options.DTypes.Keys.Concat(options.Padding.Keys).Concat(options.Masks.Keys).Concat(options.Masks.Values))
        {
            FindInput(method, name);
        }

        var sources = options.Columns.IsEmpty
            ? ByName(method, columns, keep, options) : new ColumnChoices(method, columns, unread).Read(options.Columns);
        if (sources.FirstOrDefault(source => options.Masks.ContainsKey(source.Input)) is { Input: { } both })
        {
            throw new DatasetException(
                $"The input '{both}' is the mask of '{options.Masks[both]}', and --column names a column for it; leave one of them out.");
        }

        var masks = options.Masks.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
        var missing = method.Inputs.Where(input => !input.IsOptional && !options.Masks.ContainsKey(input.Name)
            && !sources.Any(source => Root(source.Input) == input.Name || source.Input == input.Name)).Select(input => input.Name).ToList();
        if (missing.Count > 0 || sources.Count == 0)
        {
            var wanted = missing.Count > 0 ? missing : method.Inputs.Select(input => input.Name).ToList();
            throw UnreadColumn.Refusal(unread, wanted.Contains)
                ?? (columns.All(column => column.Meaning is not null) ? IsValue(columns[0]) : null) ?? new DatasetException(
                wanted.Count == 0
                    ? $"'{method.Name}' has no inputs, so no dataset can be sent through it."
                    : $"No column goes to the input{(wanted.Count == 1 ? "" : "s")} {string.Join(", ", wanted)} of '{method.Name}'; name "
                        + "it with "
                    + $"--column INPUT=COLUMN. The dataset has: {string.Join(", ", columns.Select(column => column.Name).Take(20))}.");
        }

        return new BindingPlan([.. sources.Select(source => Bind(FindInput(method, source.Input), source.Input, source.Columns, masks,
            options))]);
    }

    /// <summary>Columns of files without types, of which a value says how deep their lists are.</summary>
    public IEnumerable<string> Untyped => Inputs.Where(input => !input.IsText).SelectMany(input => input.Columns)
        .Where(column => column.Kind != ElementKind.Number).Select(column => column.Name).Distinct();

    /// <summary>The plan with how deep the lists of <see cref="Untyped"/> columns are.</summary>
    /// <param name="values">Rows of a column, the first that have a value.</param>
    public BindingPlan WithDepths(Func<string, Column> values) => new(
    [
        .. Inputs.Select(input => input with
        {
            Columns =
            [
                .. input.Columns.Select(column => column.Kind != ElementKind.Number && !input.IsText
                    ? column with { Depth = NumberColumnBuilder.Depth(values(column.Name)) }
                    : column),
            ],
        }),
    ]);

    /// <summary>The input of a name, or the one that has a part of that name.</summary>
    internal static ValueSignature FindInput(MethodSignature method, string name) =>
        method.Inputs.FirstOrDefault(input => input.Name == name) ?? method.Inputs.FirstOrDefault(input => input.Name == Root(name))
        ?? throw new DatasetException(
            $"'{method.Name}' has no input '{name}'. {NearestName.Hint(name, [.. method.Inputs.Select(input => input.Name)])}");

    private static string Root(string name) => name.Split('.', 2)[0];

    private static List<InputSource> ByName(
        MethodSignature method, ImmutableArray<ColumnType> columns, IReadOnlyCollection<string> keep, BindingOptions options)
    {
        // A mask is made here, whether there is a column of its name or not.
        var inputs = method.Inputs.Where(input => !options.Masks.ContainsKey(input.Name)).ToList();
        var named = columns.Where(column => inputs.Any(input => input.Name == column.Name))
            .Select(column => new InputSource(column.Name, [column])).ToList();
        if (named.Count > 0)
        {
            return named;
        }

        // Without a name in common what is there goes to the inputs in order, where it is as many as they are.
        var free = columns.Where(column => !keep.Contains(column.Name) && column.Meaning is null
            && !options.Masks.ContainsKey(column.Name)).ToList();
        var required = inputs.Where(input => !input.IsOptional).ToList();
        return free.Count == required.Count ? [.. required.Zip(free, (input, column) => new InputSource(input.Name, [column]))] : [];
    }

    private static InputBinding Bind(
        ValueSignature input, string name, ImmutableArray<ColumnType> columns, Dictionary<string, string> masks, BindingOptions options)
    {
        if (columns.FirstOrDefault(column => column.Meaning is not null) is { } value)
        {
            throw IsValue(value);
        }

        var isText = input.Type is TextInput or TextList;
        if (columns.FirstOrDefault(column => isText ? column.Depth > 0
            || column.Kind == ElementKind.Number : IsListOfTexts(column)) is { } unfit)
        {
            throw new DatasetException(
                $"Column '{unfit.Name}' is {unfit}, and the input '{name}' takes {(isText ? "texts" : "numbers")}; choose another with "
                + "--column.");
        }

        if (columns.Length > 1 && columns.FirstOrDefault(column => column.Depth > 0 || isText) is { } list)
        {
            throw new DatasetException($"Column '{list.Name}' is {list}; only columns of single numbers are stacked to the one input "
                + $"'{name}'.");
        }

        DType? wanted = options.DTypes.TryGetValue(name, out var chosen) ? chosen : input.DType;
        if (wanted is { } type && !NumberConversion.IsSupported(type)
            && columns.Any(column => column.Kind != ElementKind.Number || column.DType != type))
        {
            throw new DatasetException($"The input '{name}' takes {type.ToToken()}, to which no column can be converted.");
        }

        var mask = masks.GetValueOrDefault(name);
        var hasPadding = options.Padding.TryGetValue(name, out var padding);
        return new InputBinding(
            name, input, columns, wanted ?? Common(columns), isText, hasPadding ? padding : null, mask,
            mask is null ? DType.Int64 : options.DTypes.TryGetValue(mask, out var maskType) ? maskType : DType.Int64);
    }

    private static DatasetException IsValue(ColumnType column) => new(
        $"Column '{column.Name}' is of type {column}, which no model takes; it can be carried to the output with --keep, or written to the "
        + "file as numbers or texts.");

    private static bool IsListOfTexts(ColumnType column) => column is { Kind: ElementKind.Text, Depth: > 0 };

    // The type of the columns where they agree; else one that holds them. Texts become binary32.
    private static DType Common(ImmutableArray<ColumnType> columns)
    {
        var types = columns.Select(column => column.Kind == ElementKind.Number ? column.DType : DType.Float32).Distinct().ToList();
        return types.Count == 1 ? types[0]
            : types.Contains(DType.Float64) ? DType.Float64
            : types.Any(type => type is DType.Float16 or DType.BFloat16 or DType.Float32) ? DType.Float32
            : DType.Int64;
    }
}
