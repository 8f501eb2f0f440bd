using System.Collections.Immutable;
using ZeroCopy.Datasets.Binding;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Datasets.Tests.Rows;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Datasets.Tests.Binding;

public sealed class BindingPlanSpecs
{
    private static readonly RowChunk Rows = Columns.Chunk(
        Columns.Numbers("a", DType.Float32, 1f, 2),
        Columns.Numbers("b", DType.Int32, 3, 4),
        Columns.OfJson("ids", DType.Int64, "[5]", "[6,7]"),
        Columns.Texts("text", "x", "y"));

    [Fact]
    public void BindingPlan_should_bind_columns_to_the_inputs_of_their_names() =>
        Assert.Equal(["b I32[2]: 3 4"], Bind([new("b")]));

    [Fact]
    public void BindingPlan_should_stack_columns_for_the_one_input() =>
        Assert.Equal(["x F32[2, 2]: 1 3 2 4"], Bind([new("x")], new BindingOptions { Columns = ["a", "b"] }));

    [Fact]
    public void BindingPlan_should_stack_columns_in_the_order_that_is_given_for_an_input() => Assert.Equal(
        ["y F32[2, 2]: 3 1 4 2", "z F32[2]: 1 2"],
        Bind([new("y"), new("z")], new BindingOptions { Columns = ["y=b,a", "z=a"] }));

    [Fact]
    public void BindingPlan_should_keep_columns_apart_that_have_inputs_of_their_names() =>
        Assert.Equal(["b I32[2]: 3 4", "a F32[2]: 1 2"], Bind([new("a"), new("b")], new BindingOptions { Columns = ["b", "a"] }));

    [Fact]
    public void BindingPlan_should_bind_in_order_what_is_not_kept_where_no_name_is_common() => Assert.Equal(
        ["x F32[2]: 1 2"], Bind([new("x")], keep: ["b", "ids", "text"]));

    [Fact]
    public void BindingPlan_should_convert_to_the_type_of_the_input() =>
        Assert.Equal(["b F64[2]: 3 4"], Bind([new("b", DType: DType.Float64)]));

    [Fact]
    public void BindingPlan_should_convert_to_the_type_that_is_asked_for() => Assert.Equal(
        ["b F16[2]: 3 4"],
        Bind([new("b")], new BindingOptions { DTypes = ImmutableSortedDictionary<string, DType>.Empty.Add("b", DType.Float16) }));

    [Fact]
    public void BindingPlan_should_pad_lists_and_mask_them() => Assert.Equal(
        ["ids I64[2, 2]: 5 9 6 7", "mask I64[2, 2]: 1 0 1 1"],
        Bind([new("ids"), new("mask")], Masked("ids", "mask")));

    [Fact]
    public void BindingPlan_should_make_a_mask_itself_where_a_column_has_its_name() => Assert.Equal(
        ["ids I64[2, 2]: 5 9 6 7", "b I64[2, 2]: 1 0 1 1"], Bind([new("ids"), new("b")], Masked("ids", "b")));

    [Fact]
    public void BindingPlan_should_refuse_a_column_for_an_input_that_is_a_mask()
    {
        var error = Assert.Throws<DatasetException>(
            () => Bind([new("ids"), new("b")], Masked("ids", "b") with { Columns = ["ids", "b"] }));

        Assert.Equal("The input 'b' is the mask of 'ids', and --column names a column for it; leave one of them out.", error.Message);
    }

    [Fact]
    public void BindingPlan_should_give_rows_the_shape_of_the_input()
    {
        var rows = Columns.Chunk(Columns.OfJson("x", DType.Float32, "[1,2,3,4]"));

        Assert.Equal(["x F32[1, 2, 2]: 1 2 3 4"], Bind([new("x", Shape: [-1, 2, 2])], rows: rows));
    }

    [Fact]
    public void BindingPlan_should_send_texts_as_the_parts_of_a_list() =>
        Assert.Equal(["text.0 'x'", "text.1 'y'"], Bind([new("text", "List[str]")]));

    [Theory]
    [InlineData("c", "The dataset has no column 'c'")]
    [InlineData("y=a", "no input 'y'. Did you mean 'x'?")]
    [InlineData("x=a,ids", "only columns of single numbers are stacked")]
    public void BindingPlan_should_say_what_does_not_fit(string column, string words)
    {
        var error = Assert.Throws<DatasetException>(() => Bind([new("x")], new BindingOptions { Columns = [column] }));

        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BindingPlan_should_name_the_inputs_that_nothing_goes_to()
    {
        var error = Assert.Throws<DatasetException>(() => Bind([new("x"), new("y")]));

        Assert.Contains("No column goes to the inputs x, y", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DType.Float32, "1e39", "F32")]
    [InlineData(DType.Int32, "2147483648", "I32")]
    [InlineData(DType.Int64, "0.5", "I64")]
    [InlineData(DType.UInt8, "-1", "U8")]
    [InlineData(DType.Bool, "2", "BOOL")]
    public void TensorBinder_should_refuse_a_number_that_the_type_cannot_hold(DType dtype, string number, string token)
    {
        var rows = Columns.Chunk(Columns.OfJson("x", DType.Float64, "1", number));

        var error = Assert.Throws<RowException>(() => Bind([new("x", DType: dtype)], rows: rows));

        Assert.Equal(1, error.Row);
        Assert.Contains(token, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TensorBinder_should_refuse_padded_rows_that_are_more_than_a_call_takes()
    {
        const int rows = 70_000;
        const int length = 40_000;
        int[] places = [0, .. Enumerable.Repeat(length, rows)];
        var padded = new Column(new ColumnType("ids", ElementKind.Number, DType.UInt8, Depth: 1), rows, new byte[length], [places]);

        var error = Assert.Throws<DatasetException>(() => Bind(
            [new("x")], new BindingOptions { Padding = ImmutableSortedDictionary<string, double>.Empty.Add("x", 0) },
            rows: Columns.Chunk(padded)));

        Assert.Equal(TooLarge("x", 2_800_000_000, rows), error.Message);
    }

    [Fact]
    public void TensorBinder_should_refuse_stacked_columns_that_are_more_than_a_call_takes()
    {
        const int rows = 17_000;
        var column = Columns.Numbers("a", DType.Float64, new double[rows]);

        var error = Assert.Throws<DatasetException>(() => Bind(
            [new("x")], new BindingOptions { Columns = [string.Join(',', Enumerable.Repeat("a", rows))] }, rows: Columns.Chunk(column)));

        Assert.Equal(TooLarge("x", 2_312_000_000, rows), error.Message);
    }

    private static BindingOptions Masked(string input, string mask) => new()
    {
        Padding = ImmutableSortedDictionary<string, double>.Empty.Add(input, 9),
        Masks = ImmutableSortedDictionary<string, string>.Empty.Add(mask, input),
    };

    private static string TooLarge(string name, long bytes, int rows) =>
        $"'{name}' takes {bytes} bytes for {rows} rows, and can have 2147483591 in a call; use a smaller --batch-size.";

    private static IReadOnlyList<string> Bind(
        ImmutableArray<ValueSignature> inputs, BindingOptions? options = null, IReadOnlyCollection<string>? keep = null, RowChunk? rows =
            null)
    {
        rows ??= Rows;
        var method = new MethodSignature("forward", inputs, []);
        var plan = BindingPlan.Create(
            method, [.. rows.Columns.Select(column => column.Type)], [], keep ?? [], options ?? new BindingOptions());
        return [.. new TensorBinder(plan.WithDepths(name => rows.Find(name)!)).Bind(rows).Select(Shown)];
    }

    private static string Shown(NamedTensor tensor)
    {
        if (tensor.IsText)
        {
            return $"{tensor.Name} '{tensor.ToText()}'";
        }

        var numbers = new double[tensor.Tensor.Layout.ElementCount];
        NumberConversion.Convert(tensor.DType, tensor.Data.Span, DType.Float64,
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()));
        return $"{tensor.Name} {tensor.Tensor.Layout}: {string.Join(' ', numbers)}";
    }
}
