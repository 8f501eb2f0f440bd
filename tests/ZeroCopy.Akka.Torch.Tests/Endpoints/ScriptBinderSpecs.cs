using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class ScriptBinderSpecs : RuntimeSpec
{
    [Fact]
    public async Task ScriptBinder_should_say_what_is_known_of_each_kind_of_result()
    {
        var (binder, _) = await OpenAsync(
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor,
                mask: Optional[Tensor]) -> Tuple[Tensor, int, List[Tensor]]:
                return (x, 1, [x])
              def half(self: {ScriptText.Self},
                x: float) -> float:
                return x
              def list(self: {ScriptText.Self},
                x: List[Tensor]) -> List[Tensor]:
                return x
              def nothing(self: {ScriptText.Self}) -> NoneType:
                return None
            """);

        Assert.Equal(
            [
                "forward(x: Tensor, mask: Optional[Tensor] (optional)) -> (output_0: Tensor, output_1: int I64[], output_2: List[Tensor])",
                "half(x: float) -> (output: float F64[])",
                "list(x: List[Tensor])",
                "nothing()",
            ],
            binder.Signature.Methods.Select(method => method.ToString()));
        Assert.Equal(["list"], binder.Signature.Methods.Where(method => method.IsBatchable).Select(method => method.Name));
    }

    [Fact]
    public async Task ScriptBinder_should_have_no_calls_joined_whose_rows_are_answered_by_others()
    {
        var (binder, _) = await OpenAsync(
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return torch.softmax(x, 1)
              def scaled(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                if bool(torch.gt(torch.max(x), 1)):
                  _0 = torch.div(x, 255)
                else:
                  _0 = x
                return _0
            """);
        var (counting, _) = await OpenAsync(
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                self.training = True
                return torch.mul(x, 2)
            """);

        Assert.Equal(["forward"], binder.Signature.Methods.Where(method => method.IsBatchable).Select(method => method.Name));
        Assert.DoesNotContain(counting.Signature.Methods, method => method.IsBatchable);
    }

    [Fact]
    public async Task ScriptBinder_should_give_nothing_for_an_optional_argument_and_its_default_for_one_that_is_left_out()
    {
        var (binder, source) = await OpenAsync(
            $"""
              def forward(self: {ScriptText.Self},
                x: Optional[Tensor],
                scale: Optional[float]=2.) -> int:
                return torch.add(torch.mul(int(torch.__is__(x, None)), 10), int(torch.__is__(scale, None)))
            """);

        Assert.Equal(10, await NumberAsync());
        Assert.Equal(11, await NumberAsync(NamedTensor.OfNone("scale")));
        Assert.Equal(1, await NumberAsync(Number("x", 1), NamedTensor.OfNone("scale")));
        Assert.Equal(InferenceFailure.InvalidInput, Assert.Throws<InferenceException>(
            () => binder.Bind("", [Number("x", 1), NamedTensor.OfText("scale", "a")])).Failure);

        async Task<long> NumberAsync(params NamedTensor[] inputs)
        {
            using var instance = await source.RentAsync();
            using var answer = Run(binder, instance, inputs);
            return answer.Outputs[0].Tensor.Values<long>()[0];
        }
    }

    [Fact]
    public async Task ScriptBinder_should_take_lists_and_dictionaries_of_parts_or_of_nothing()
    {
        var (binder, source) = await OpenAsync(
            $"""
              def forward(self: {ScriptText.Self},
                list: List[Tensor],
                words: Dict[str, List[int]]) -> str:
                return torch.format("{"{}"} {"{}"}", torch.len(list), words)
            """);
        var empty = HostTensor.From<byte>(DType.UInt8, [], 0);

        Assert.Equal(
            "2 {a.b: [1, 2], c: []}",
            await TextAsync(
                binder, source, Number("list.1", 1), Number("list.0", 1), Number(@"words.a\.b.0", 1), Number(@"words.a\.b.1", 2),
                new NamedTensor("words.c", empty)));
        Assert.Equal("0 {}", await TextAsync(binder, source, new NamedTensor("list", empty), new NamedTensor("words", empty)));
    }

    [Theory]
    [InlineData("int", DType.Float32, false)]
    [InlineData("int", DType.Bool, false)]
    [InlineData("int", DType.Int8, true)]
    [InlineData("float", DType.Int64, true)]
    [InlineData("float", DType.Float16, true)]
    [InlineData("float", DType.Bool, false)]
    [InlineData("bool", DType.Int64, false)]
    [InlineData("bool", DType.Bool, true)]
    public async Task ScriptBinder_should_take_a_number_of_a_kind_that_is_the_arguments(string type, DType dtype, bool isTaken)
    {
        var (binder, _) = await OpenAsync($"  def forward(self: {ScriptText.Self},\n    x: {type}) -> {type}:\n    return x");
        var input = new NamedTensor("x", new HostTensor(new TensorLayout(dtype, 1, 1), new byte[dtype.ElementSize()]));

        var error = Record.Exception(() => binder.Bind("", [input]).Dispose());

        Assert.Equal(isTaken, error is null);
        Assert.True(isTaken || error is InferenceException { Failure: InferenceFailure.InvalidInput });
    }

    [Theory]
    [InlineData("List[List[int]]", new long[] { 2, 0 }, true)]
    [InlineData("List[List[int]]", new long[] { 1_000_000_000, 0 }, false)]
    [InlineData("List[List[int]]", new long[] { 1L << 32, 0 }, false)]
    [InlineData("List[List[List[int]]]", new long[] { 50_000, 50_000, 0 }, false)]
    [InlineData("List[List[List[int]]]", new long[] { 50_000, 0, 3 }, true)]
    public async Task ScriptBinder_should_refuse_lists_without_elements_that_are_too_many(string type, long[] shape, bool isTaken)
    {
        var (binder, _) = await OpenAsync($"  def forward(self: {ScriptText.Self},\n    x: {type}) -> int:\n    return torch.len(x)");

        var error = Record.Exception(
            () => binder.Bind("", [new NamedTensor("x", HostTensor.From<long>(DType.Int64, [], shape))]).Dispose());

        Assert.Equal(isTaken, error is null);
        Assert.True(isTaken || error is InferenceException { Failure: InferenceFailure.InvalidInput }, error?.ToString());
    }

    [Theory]
    [InlineData(1L << 53, true)]
    [InlineData((1L << 53) + 1, false)]
    [InlineData(long.MaxValue, false)]
    public async Task ScriptBinder_should_refuse_an_integer_that_no_float_is_equal_to(long value, bool isTaken)
    {
        var (binder, _) = await OpenAsync($"  def forward(self: {ScriptText.Self},\n    x: float) -> float:\n    return x");

        var error = Record.Exception(() => binder.Bind("", [Number("x", value)]).Dispose());

        Assert.Equal(isTaken, error is null);
    }

    [Fact]
    public async Task ScriptBinder_should_say_why_a_method_cannot_be_called()
    {
        var (binder, _) = await OpenAsync(
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return x
              def color(self: {ScriptText.Self}) -> __torch__.Color:
                return __torch__.Color.RED
            """);

        Assert.Equal(["forward"], binder.Signature.Methods.Select(method => method.Name));
        var error = Assert.Throws<InferenceException>(() => binder.Bind("color", []));
        Assert.Equal(InferenceFailure.MethodNotFound, error.Failure);
        Assert.Contains("its answer is of the type __torch__.Color", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptBinder_should_copy_an_answer_that_is_a_state_of_the_script()
    {
        var model = await Runtime.PutFileAsync(
            Path.Combine(RepositoryRoot.Path, "tests", "ZeroCopy.Akka.Torch.Tests", "Script", "Fixtures", "stateful.pt"));
        var (binder, source) = (Runtime.BinderOf(model), Runtime.OpenAny(model));
        using var instance = await source.RentAsync();
        var input = new NamedTensor("", HostTensor.From<float>(DType.Float32, [1, 1], 2));

        using var first = Run(binder, instance, input);
        var before = first.Outputs[0].Data.ToArray();
        Run(binder, instance, input).Dispose();

        Assert.Equal(before, first.Outputs[0].Data.ToArray());
    }

    [Theory]
    [InlineData("Optional[Tensor]")]
    [InlineData("Optional[Tensor]=None")]
    public async Task ScriptBinder_should_make_the_mask_of_padded_calls_where_it_is_left_out(string mask)
    {
        var (binder, _) = await OpenAsync(
            $"  def forward(self: {ScriptText.Self},\n    x: Tensor,\n    mask: {mask}) -> Tensor:\n    return x");
        var codec = binder.Codec!.WithPadding(new RequestPadding
        {
            Buckets = [4],
            Inputs = ImmutableSortedDictionary<string, double>.Empty.Add("x", 0),
            Mask = "mask",
        })!;
        using var three = binder.Bind("", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [1, 2, 3], 1, 3))]);
        using var four = binder.Bind("", [new NamedTensor("x", HostTensor.From<float>(DType.Float32, [1, 2, 3, 4], 1, 4))]);

        using var joined = (BoundCall)codec.Join([three, four]);

        var made = Assert.IsType<torch.Tensor>(joined.Values[1]);
        Assert.Equal([1L, 1, 1, 0, 1, 1, 1, 1], made.data<long>().ToArray());
    }

    [Fact]
    public async Task ScriptBinder_should_free_the_copies_of_a_call()
    {
        var (binder, _) = await OpenAsync($"  def forward(self: {ScriptText.Self},\n    x: List[Tensor]) -> Tensor:\n    return x[0]");
        var tensors = new TensorCheck();

        var call = binder.Bind("", [Number("x.0", 1), Number("x.1", 1)]);
        Assert.Equal(2, tensors.Added);
        call.Dispose();

        tensors.Verify();
    }

    private async Task<(ICallBinder Binder, IInstanceSource Source)> OpenAsync(string methods)
    {
        ScriptText.Save(File("script.pt"), methods, "class Color(Enum):\n  RED = 1\n");
        var model = await Runtime.PutFileAsync(File("script.pt"));
        return (Runtime.BinderOf(model), Runtime.OpenAny(model));
    }

    private static async Task<string> TextAsync(ICallBinder binder, IInstanceSource source, params NamedTensor[] inputs)
    {
        using var instance = await source.RentAsync();
        using var answer = Run(binder, instance, inputs);
        return Assert.Single(answer.Outputs).ToText();
    }

    private static ModelAnswer Run(ICallBinder binder, IModelInstance instance, params NamedTensor[] inputs)
    {
        using var call = binder.Bind("", inputs);
        return binder.ToAnswer(instance.Run(binder.Run, call));
    }

    private static NamedTensor Number(string name, long value) => new(name, HostTensor.From<long>(DType.Int64, [value]));
}
