using System.Numerics;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Torch.Tests.Script;

public sealed class ScriptProgramSpecs : IDisposable
{
    private const string Classes = """
        class Pair(NamedTuple):
          left : Tensor
          right : int
        class Color(Enum):
          RED = 1
          BLUE = 2

        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ScriptProgram_should_take_and_answer_with_complex_numbers()
    {
        var answer = await CallAsync(
            $"""
              def forward(self: {ScriptText.Self},
                z: complex,
                all: Dict[str, complex]) -> Tuple[complex, List[complex]]:
                return (torch.mul(z, all["a"]), [z])
            """,
            new Complex(1, 1e300), new Dictionary<string, Complex> { ["a"] = new(0, 2) });

        Assert.Equal((new Complex(-2e300, 2), "1 1e+300"), ((object, string))Shown(answer));

        static (object, string) Shown(object? answer)
        {
            var (product, list) = ((object, object))answer!;
            var only = Assert.Single((Complex[])list);
            return (product, FormattableString.Invariant($"{only.Real} {only.Imaginary:0e+0}"));
        }
    }

    [Fact]
    public async Task ScriptProgram_should_answer_with_every_bit_of_a_number()
    {
        const string Methods = $"""
              def forward(self: {ScriptText.Self},
                x: float,
                n: int) -> Tuple[float, List[int]]:
                return (x, [n])
            """;

        var (x, n) = ((object, object))(await CallAsync(Methods, 1.0000000000000002e300, long.MinValue))!;

        Assert.Equal(1.0000000000000002e300, x);
        Assert.Equal([long.MinValue], (long[])n);
    }

    [Fact]
    public async Task ScriptProgram_should_hand_on_the_numbers_it_was_given_whatever_the_collector_frees_meanwhile()
    {
        const int Callers = 6;
        const int Calls = 4000;
        const string Methods = $"""
              def forward(self: {ScriptText.Self},
                x: Tensor,
                n: int,
                factor: float) -> Tensor:
                return torch.mul(torch.add(x, n), factor)
            """;
        var path = _directory.File("numbers.pt");
        ScriptText.Save(path, Methods);
        using var fixture = new ScriptFixture(path);
        using var model = fixture.Open();
        var ended = 0;
        var collector = Task.Run(() =>
        {
            while (Volatile.Read(ref ended) < Callers)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });

        var wrong = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallManyAsync(caller))));

        await collector;
        Assert.Equal([], wrong.SelectMany(all => all));

        async Task<List<string>> CallManyAsync(int caller)
        {
            using var instance = await model.RentAsync();
            using var x = torch.zeros(1, torch.ScalarType.Float64);
            List<string> wrong = [];
            for (var call = 0; call < Calls; call++)
            {
                try
                {
                    using var answer = (torch.Tensor)ScriptFixture.Call(instance, "forward", x, (long)call, caller + 0.5)!;
                    if (answer.item<double>() != call * (caller + 0.5))
                    {
                        wrong.Add($"{call}: {answer.item<double>()}");
                    }
                }
                catch (InferenceException e)
                {
                    wrong.Add($"{call}: {e.Message}");
                }
            }

            Interlocked.Increment(ref ended);
            return wrong;
        }
    }

    [Fact]
    public async Task ScriptProgram_should_take_a_device_as_its_text_and_answer_so()
    {
        const string Methods = $"""
              def forward(self: {ScriptText.Self},
                where: Device,
                x: Tensor) -> Tuple[Device, Dict[str, Device]]:
                return (ops.prim.device(x), {"{"}"given": where{"}"})
            """;

        Assert.Equal("cpu cuda:1", Shown(await CallAsync(Methods, "cuda:1", torch.ones(1))));
        Assert.Equal("cpu cpu", Shown(await CallAsync(Methods, torch.CPU, torch.ones(1))));

        static string Shown(object? answer)
        {
            var (own, all) = ((object, object))answer!;
            return $"{own} {((Dictionary<string, string>)all)["given"]}";
        }
    }

    [Fact]
    public async Task ScriptProgram_should_take_tuples_for_named_tuples_wherever_they_stand()
    {
        var answer = await CallAsync(
            $"""
              def forward(self: {ScriptText.Self},
                pair: __torch__.Pair,
                more: List[__torch__.Pair],
                some: Optional[__torch__.Pair]=None) -> Tuple[Tensor, int]:
                if torch.__isnot__(some, None):
                  some0 = unchecked_cast(__torch__.Pair, some)
                  last = some0.right
                else:
                  last = 0
                left, right, = pair
                left0, right0, = more[1]
                return (torch.add(left, left0), torch.add(torch.add(right, right0), last))
            """,
            (torch.ones(1), 2L), new List<object> { (torch.zeros(1), 0L), new object[] { torch.ones(1), 40L } }, (torch.ones(1), 100L));

        var (sum, number) = ((object, object))answer!;
        Assert.Equal(2f, ((torch.Tensor)sum).item<float>());
        Assert.Equal(142L, number);
    }

    [Theory]
    [InlineData("float", "2.", 10L)]
    [InlineData("str", "\"ab\"", 10L)]
    public async Task ScriptProgram_should_leave_out_a_default_before_other_arguments(string type, string text, long expected)
    {
        var methods = $"""
              def forward(self: {ScriptText.Self},
                x: int,
                first: {type}={text},
                second: Optional[int]=None,
                third: int=3) -> int:
                if torch.__isnot__(second, None):
                  given = unchecked_cast(int, second)
                else:
                  given = 2
                return torch.add(torch.add(torch.add(x, given), third), {(type == "str" ? "torch.len(first)" : "int(first)")})
            """;

        Assert.Equal(expected - 2, await CallAsync(methods, 1L));
        Assert.Equal(expected, await CallAsync(methods, 1L, Type.Missing, Type.Missing, 5L));
        Assert.Equal(expected, await CallAsync(methods, 1L, Type.Missing, 4L, Type.Missing));
        Assert.Equal(expected, await CallAsync(methods, 1L, Type.Missing, null, 5L));
        var error = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(methods, Type.Missing, Type.Missing, 1L));
        Assert.Contains("argument 'x' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptProgram_should_keep_the_default_of_an_argument_that_nothing_can_be_given_for()
    {
        const string Methods = $"""
              def forward(self: {ScriptText.Self},
                text: str,
                color: Optional[__torch__.Color]=None,
                number: int=1) -> str:
                return torch.add(text, str(number))
            """;

        Assert.Equal("a2", await CallAsync(Methods, "a", Type.Missing, 2L));
        var error = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(Methods, "a", "RED"));
        Assert.Contains(
            "'color' is of the type Optional[__torch__.Color], of which only its default", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Future[Tensor]", "fork(self.other, x)")]
    [InlineData("__torch__.Color", "__torch__.Color.RED")]
    [InlineData("Tuple[Tensor, __torch__.Color]", "(x, __torch__.Color.RED)")]
    public async Task ScriptProgram_should_refuse_an_answer_that_only_TorchScript_holds_and_name_its_type(string type, string answer)
    {
        var methods = $"""
              def forward(self: {ScriptText.Self},
                x: Tensor) -> {type}:
                return {answer}
              def other(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return x
            """;

        var error = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(methods, torch.ones(1)));

        Assert.Contains($"its answer is of the type {type}, which only TorchScript can hold", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptProgram_should_tell_an_open_answer_by_its_value()
    {
        const string Methods = $"""
              def forward(self: {ScriptText.Self},
                x: Tensor,
                first: bool) -> Any:
                if first:
                  answer = annotate(Any, x)
                else:
                  answer = annotate(Any, ops.prim.device(x))
                return answer
            """;

        Assert.Equal(1f, Assert.IsAssignableFrom<torch.Tensor>(await CallAsync(Methods, torch.ones(1), true)).item<float>());
        var error = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(Methods, torch.ones(1), false));
        Assert.Contains("this answer is neither a tensor, a number or a text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptProgram_should_refuse_more_arguments_than_there_are()
    {
        var methods = $"  def forward(self: {ScriptText.Self},\n    x: Tensor) -> Tensor:\n    return x";
        var error = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(methods, torch.ones(1), torch.ones(1)));
        Assert.Equal(InferenceFailure.InvalidInput, error.Failure);
        Assert.Contains("2 arguments are given where 1", error.Message, StringComparison.Ordinal);
    }

    private async Task<object?> CallAsync(string methods, params object?[] arguments)
    {
        var path = _directory.File($"{Guid.NewGuid():N}.pt");
        ScriptText.Save(path, methods, Classes);
        using var fixture = new ScriptFixture(path);
        using var model = fixture.Open();
        using var instance = await model.RentAsync();
        return ScriptFixture.Call(instance, "forward", arguments);
    }
}
