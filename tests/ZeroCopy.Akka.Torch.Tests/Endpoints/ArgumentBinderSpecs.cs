using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class ArgumentBinderSpecs
{
    private static readonly CallMethod Bert = Method(
        new("input_ids", "int"), new("attention_mask", "int", IsOptional: true), new("token_type_ids", "int", IsOptional: true));

    [Fact]
    public void ArgumentBinder_should_bind_by_name_whatever_the_order() =>
        Assert.Equal([1, null, 2], Bind(("token_type_ids", 2), ("input_ids", 1)));

    [Fact]
    public void ArgumentBinder_should_bind_by_order_when_no_name_matches_and_the_order_is_the_users() =>
        Assert.Equal([1, 2, null], Bind(("x", 1), ("", 2)));

    [Theory]
    [InlineData(1, "x")]
    [InlineData(2, "INPUT__1", "INPUT__0")]
    [InlineData(2, "INPUT__2", "INPUT__0")]
    public void ArgumentBinder_should_bind_what_has_no_order_when_only_one_way_is_left(int count, params string[] names)
    {
        var bound = Bind(isOrdered: false, [.. names.Select(name => (name, PositionOf(name)))]);

        Assert.Equal(count, bound.Count(value => value is not null));
        Assert.All(bound.Index(), value => Assert.True(value.Item is null || value.Item == value.Index));

        static int PositionOf(string name) => name == "x" ? 0 : name[^1] - '0';
    }

    [Fact]
    public void ArgumentBinder_should_order_positions_as_numbers()
    {
        var many = Method([.. Enumerable.Range(0, 12).Select(index => new ValueSignature($"x{index}", "int"))]);
        var names = Enumerable.Range(0, 12).Select(index => $"INPUT__{index}").Order(StringComparer.Ordinal);

        var bound = Bind(many, isOrdered: false, [.. names.Select(name => (name, int.Parse(name[7..])))]);

        Assert.Equal(Enumerable.Range(0, 12).Select(index => (object)(long)index), bound);
    }

    [Theory]
    [InlineData("query key", "'query', 'key', in an order that is its writer's")]
    [InlineData("INPUT__0 INPUT__3", "has 'INPUT__3', which the model does not take")]
    [InlineData("INPUT__1 INPUT__2", "lacks 'input_ids'")]
    [InlineData("INPUT__0 INPUT__01", "'INPUT__0', 'INPUT__01', in an order that is its writer's")]
    [InlineData("input_ids INPUT__1", "has 'INPUT__1', which the model does not take")]
    [InlineData("input_ids mask x", "has 'mask', 'x', which the model does not take")]
    public void ArgumentBinder_should_refuse_names_that_say_no_argument_and_list_the_arguments(string names, string problem)
    {
        var error = Assert.Throws<InputMismatchException>(
            () => Bind(isOrdered: false, [.. names.Split(' ').Select(name => (name, 0))]));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("'input_ids', 'attention_mask' (optional), 'token_type_ids' (optional)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ArgumentBinder_should_name_all_that_is_surplus_and_missing()
    {
        var error = Assert.Throws<InputMismatchException>(() => Bind(("attention_mask", 1), ("rate", 2)));

        Assert.Equal(
            "The input has 'rate', which the model does not take, and lacks 'input_ids'; "
            + "the model takes 'input_ids', 'attention_mask' (optional), 'token_type_ids' (optional).",
            error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void ArgumentBinder_should_refuse_a_count_that_does_not_fit(int count)
    {
        var error = Assert.Throws<InputMismatchException>(
            () => Bind([.. Enumerable.Range(0, count).Select(index => ($"x{index}", index))]));
        Assert.Contains("'input_ids'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ArgumentBinder_should_join_the_parts_of_a_list_a_tuple_and_a_dictionary()
    {
        var method = Method(
            new("list", "List[int]"), new("words", "Optional[Dict[str, Tuple[int, List[int]]]]", IsOptional: true));
        string[] names = ["words.b.1.0", "list.0", "words.a.0", "list.2", "list.1", "words.a.1.0", "words.a.1.1", "words.b.0"];

        var bound = Bind(method, isOrdered: false, [.. names.Index().Select(item => (item.Item, item.Index))]);

        Assert.Equal(new List<object?> { 1L, 4L, 3L }, bound[0]);
        var words = Assert.IsType<Dictionary<object, object?>>(bound[1]);
        Assert.Equal(new object[] { 2L, new List<object?> { 5L, 6L } }, words["a"]);
        Assert.Equal(new object[] { 7L, new List<object?> { 0L } }, words["b"]);
    }

    [Fact]
    public void ArgumentBinder_should_take_parts_of_a_tuple_that_are_not_given_for_nothing_where_they_may_be()
    {
        var method = Method(new ValueSignature("pair", "Tuple[Optional[int], int, Optional[int]]"));

        Assert.Equal([null, 7L, null], Assert.IsType<object?[]>(Assert.Single(Bind(method, isOrdered: false, [("pair.1", 7)]))));

        foreach (var names in (string[][])[["pair.0", "pair.2"], ["pair.1", "pair.3"], ["pair.1", "pair.01"]])
        {
            var error = Assert.Throws<InputMismatchException>(() => Bind(method, isOrdered: false, [.. names.Select(name => (name, 7))]));
            Assert.Contains("'pair' must be Tuple[Optional[int], int, Optional[int]]", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("list.0 list.2", "without a gap")]
    [InlineData("list list.0", "whole and in parts")]
    [InlineData("list.0 list.0.1", "whole and in parts")]
    [InlineData("list.a", "without a gap")]
    public void ArgumentBinder_should_refuse_parts_that_do_not_fit(string names, string problem)
    {
        var method = Method(new ValueSignature("list", names.Contains("0.1") ? "List[List[int]]" : "List[int]"));
        var error = Assert.Throws<InputMismatchException>(
            () => Bind(method, isOrdered: false, [.. names.Split(' ').Select(name => (name, 0))]));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ArgumentBinder_should_refuse_a_name_that_is_given_twice()
    {
        var error = Assert.Throws<InputMismatchException>(() => Bind(("input_ids", 1), ("input_ids", 2)));

        Assert.Equal("The input has 'input_ids' twice.", error.Message);
    }

    [Fact]
    public void ArgumentBinder_should_take_a_dot_in_a_key_behind_a_backslash_where_levels_follow()
    {
        var method = Method(new ValueSignature("words", "Dict[str, Dict[str, int]]"));

        var bound = Bind(method, isOrdered: false, [(@"words.a\\b\.c.d\.e", 1), ("words.a.b", 2)]);

        var words = Assert.IsType<Dictionary<object, object?>>(Assert.Single(bound));
        Assert.Equal(1L, Assert.IsType<Dictionary<object, object?>>(words[@"a\b.c"])[@"d\.e"]);
        Assert.Equal(2L, Assert.IsType<Dictionary<object, object?>>(words["a"])["b"]);
    }

    private static CallMethod Method(params ValueSignature[] inputs) => CallMethod.Of(new MethodSignature("forward", [.. inputs], []));

    private static object?[] Bind(CallMethod method, bool isOrdered, (string Name, int Value)[] tensors)
    {
        var given = ArgumentBinder.Assign(
            method,
            [
                .. tensors.Select(tensor => new NamedValue<NamedTensor>(
                    tensor.Name, new NamedTensor(tensor.Name, HostTensor.From<int>(DType.Int32, [tensor.Value])))),
            ],
            isOrdered);
        return
        [
            .. given.Select(
                (parts, index) => parts.Length == 0 ? null : ArgumentReader.Read(method.Types[index], method.Inputs[index].Name, parts)),
        ];
    }

    private static long?[] Bind(params (string Name, int Value)[] tensors) => Bind(isOrdered: true, tensors);

    private static long?[] Bind(bool isOrdered, params (string Name, int Value)[] tensors) =>
        [.. Bind(Bert, isOrdered, tensors).Select(bound => (long?)bound)];
}
