using ZeroCopy.Torch.Script.Analysis;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Tests.Script.Analysis;

public sealed class WriteAnalysisSpecs
{
    private static readonly HashSet<string> None = [];

    [Theory]
    [InlineData("my.op", "_0 = ops.my.op(self.w)", "ops.my.op in __torch__.M.forward, line 11")]
    [InlineData("a private operator", "_0 = torch._no_such_operator(self.w)", "torch._no_such_operator")]
    [InlineData(
        "an operator with an answer in a variable",
        "y = torch.mul(x, 2)\n_0 = torch.frobnicate_(self.w)",
        "w may be written to by torch.frobnicate_")]
    [InlineData("a function that is not there", "_0 = __torch__.missing(self.w)", "__torch__.missing")]
    [InlineData("a function of the language", "_0 = frob(self.w)", "frob")]
    [InlineData("a method of libtorch's classes", "_0 = (self.packed).unpack()", "__torch__.torch.classes.quantized.Packed.unpack")]
    [InlineData("statements of another language", "async x = 3", "is not understood")]
    [InlineData("a parallel call", "_0 = fork(self.helper, x)", "is not understood")]
    [InlineData("a constant", "_0 = torch.add_(CONSTANTS.c0, x)", "a constant may be written to")]
    [InlineData("a name that nobody has", "_0 = torch.mul(x, y)", "the name y")]
    [InlineData(
        "a step out of a loop",
        "t = x\nfor i in range(3):\n  if i:\n    t = self.w\n    break\n  else:\n    t = torch.mul(x, 2)\n"
        + "  t = torch.mul(x, 3)\n_0 = torch.add_(t, x)",
        "w may")]
    [InlineData(
        "a list that two arguments are",
        "l = annotate(List[Tensor], [])\n_0 = (self).both(l, l, )",
        "w may be written to by torch.add_ in __torch__.M.both")]
    [InlineData("an addition of lists", "l = torch.add([x], [self.w])\n_0 = torch.add_(l[1], x)", "w may")]
    [InlineData("a list that grows by another", "l = [x]\nl += [self.w]\n_0 = torch.add_(l[1], x)", "w may")]
    [InlineData("a comprehension", "l = [t for t in [self.w]]\n_0 = torch.add_(l[0], x)", "w may")]
    [InlineData("a transpose of a member", "_0 = torch.add_(self.w.T, x)", "w may")]
    [InlineData("a method that a list element has", "_0 = (self.w).t().add_(x)", "w may")]
    [InlineData("an answer that may be a view", "_0 = torch.add_(torch.atleast_1d(self.w), x)", "w may")]
    [InlineData("a part of einsum", "_0 = torch.add_(torch.einsum(\"ij->ji\", [self.w]), x)", "w may")]
    [InlineData("a question about a call's answer", "_0 = isinstance((self).bump(x, ), Tensor)", "w may be written to by torch.add_")]
    [InlineData("a list of tensors that an answer is put into", "torch.split_copy(x, 1, out=[self.w])", "w may")]
    [InlineData("a list that is an argument's default", "_0 = (self).grow()", "a constant may be written to by torch.append")]
    [InlineData(
        "a list in a part of a tuple",
        "a = [x]\nb = [x]\nt = (a, b, b)\nu = t[1:3]\n_0 = torch.append(u[0], self.w)\n_1 = torch.add_(b[1], x)",
        "w may")]
    [InlineData("a part of a list", "l = [x, x]\nm = l[1:]\n_0 = torch.add_(m, [self.w])\n_1 = torch.add_(m[1], x)", "w may")]
    [InlineData("a comprehension's variable", "t = self.w\nl = [t for t in [x]]\n_0 = torch.add_(t, x)", "w may")]
    [InlineData("a loop over a tuple", "for t in (1, self.w):\n  _0 = torch.add_(t, x)", "w may")]
    [InlineData("the lesser of two lists", "_0 = torch.append(ops.prim.min(self.n, [3]), 4)", "n may")]
    [InlineData(
        "a question that another call answers otherwise",
        "a = annotate(Any, True)\nb = annotate(Any, False)\n_0 = (self).perhaps(a, )\n_1 = (self).perhaps(b, )",
        "w may")]
    [InlineData("a search in an object", "if torch.__not__(3 in self.box):\n  pass\nelse:\n  pass", "box may be written to by torch.add_")]
    [InlineData("a search outside of an object", "if 3 not in self.box:\n  pass\nelse:\n  pass", "box may be written to by torch.add_")]
    public void WriteAnalysis_should_prove_nothing_when_there_is(string what, string statements, string reason)
    {
        var analysis = Run(statements);

        Assert.True(analysis.Reason is not null, what);
        Assert.Contains(reason, analysis.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "a loop",
        "l = annotate(List[Tensor], [])\nfor i in range(3):\n  _0 = torch.append(l, torch.mul(self.w, i))\n"
        + "y = torch.stack(l)\n_1 = torch.add_(y, x)")]
    [InlineData(
        "a write to what is added to a weight",
        "y = torch.linear(x, self.w)\n_0 = torch.add_(y, self.w)\n_1 = torch.relu_(torch.select(torch.transpose(y, 0, 1), 0, 0))")]
    [InlineData("chunks of an answer", "p, q, = torch.chunk(torch.linear(x, self.w), 2)\n_0 = torch.relu_(p)")]
    [InlineData("several answers", "p, q, = torch.max(torch.mul(x, self.w), 0)\n_0 = torch.relu_(p)")]
    [InlineData("a branch that is never taken", "training = self.training\nif training:\n  self.w = x\nelse:\n  pass")]
    [InlineData("a branch in the dark", "if torch.__not__(self.training):\n  pass\nelse:\n  self.w = x")]
    [InlineData("an argument", "_0 = torch.add_(x, self.w)")]
    [InlineData("an error", "if bool(torch.sum(x)):\n  raise Exception(\"no\")\nelse:\n  assert True, \"yes\"")]
    public void WriteAnalysis_should_prove_that_nothing_is_written_by(string what, string statements)
    {
        Assert.True(Run(statements).Reason is null, $"{what}: {Run(statements).Reason}");
    }

    [Fact]
    public void WriteAnalysis_should_take_a_module_for_training_when_it_is_not_switched()
    {
        const string Statements = "if self.training:\n  self.w = x\nelse:\n  pass";

        Assert.Null(Run(Statements).Reason);
        Assert.NotNull(Run(Statements, new HashSet<string> { "__torch__.M" }).Reason);
    }

    [Fact]
    public void WriteAnalysis_should_end_when_functions_call_each_other()
    {
        Assert.Contains("w may be written to", Run("_0 = __torch__.one(self.w, x)").Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("_0 = x", false)]
    [InlineData("return self.w", true)]
    [InlineData("return torch.transpose(self.w, 0, 1)", true)]
    [InlineData("return [x, self.w][0]", true)]
    [InlineData("return torch.mul(self.w, 2)", false)]
    [InlineData("_0 = torch.append(given, self.w)\nreturn given", true)]
    [InlineData("_0 = torch.append(given, x)\nreturn given", false)]
    public void WriteAnalysis_should_know_answers_that_are_the_model_s(string statements, bool lends) =>
        Assert.Equal(lends, Run(statements).Lending.Contains("forward"));

    [Theory]
    [InlineData("self.l = [self.w]\nl = self.l")]
    [InlineData("l = self.l\n_0 = (self).keep(self.w, )")]
    [InlineData("l = self.l\n_0 = torch.append(l, self.w)")]
    public void WriteAnalysis_should_know_what_is_written_to_through_what_is_kept(string statements) =>
        Assert.True(Run($"{statements}\n_1 = torch.add_(l[0], x)").MayWriteTo("__torch__.M", "w"));

    [Fact]
    public void WriteAnalysis_should_take_a_chain_of_thousands_of_branches()
    {
        var chain = string.Concat(Enumerable.Range(0, 2000).Select(i => $"elif torch.eq(n, {i}):\n  y = torch.mul(x, {i})\n"));

        Assert.Null(Run($"n = 3\nif torch.eq(n, -1):\n  y = x\n{chain}else:\n  y = x").Reason);
    }

    [Fact]
    public void WriteAnalysis_should_take_thousands_of_statements_with_a_variable_each()
    {
        var statements = string.Concat(Enumerable.Range(0, 5000).Select(i => $"y{i + 1} = torch.view(y{i}, [1, 2, 3, 4])\n"));

        Assert.Null(Run($"y0 = x\n{statements}y = y5000").Reason);
    }

    [Fact]
    public void WriteAnalysis_should_end_when_comprehensions_are_nested_deeply() => Assert.Contains(
        "steps",
        Run("l = " + Repeat(22, _ => "[") + "x" + Repeat(22, _ => " for t in given]")).Reason,
        StringComparison.Ordinal);

    [Fact]
    public void WriteAnalysis_should_end_when_loops_are_nested_deeply()
    {
        // Each round of a loop undoes what the loop inside of it comes to.
        var loops = Repeat(22, level => $"{Indent(level)}a{level} = x\n{Indent(level)}for t in given:\n")
            + Repeat(22, level => $"{Indent(22 - level)}a{21 - level} = given\n");

        Assert.Contains("steps", Run(loops.TrimEnd('\n')).Reason, StringComparison.Ordinal);

        static string Indent(int level) => new(' ', 2 * level);
    }

    [Fact]
    public void WriteAnalysis_should_end_when_functions_call_each_other_in_a_long_chain()
    {
        var chain = string.Concat(Enumerable.Range(0, 20_000).Select(
            i => $"def f{i}(x: Tensor) -> Tensor:\n  return __torch__.f{i + 1}(x, )\n"));
        var syntax = ScriptSyntax.Read(
        [
            ("__torch__", "class M(Module):\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return __torch__.f0(x, )\n"
                + chain + "def f20000(x: Tensor) -> Tensor:\n  return x\n"),
        ]);

        Assert.Contains(
            "is not understood", WriteAnalysis.Run(syntax, "__torch__.M", ["forward"], None).Reason, StringComparison.Ordinal);
    }

    private static string Repeat(int count, Func<int, string> text) => string.Concat(Enumerable.Range(0, count).Select(text));

    private static WriteAnalysis Run(string statements, IReadOnlySet<string>? inTraining = null)
    {
        var body = string.Concat(statements.Split('\n').Select(line => $"    {line}\n"));
        var code = $"""
            class M(Module):
              w : Tensor
              l : List[Tensor]
              n : List[int]
              training : bool
              packed : __torch__.torch.classes.quantized.Packed
              box : __torch__.Box
              def forward(self: __torch__.M,
                x: Tensor,
                given: List[Tensor]) -> Tensor:
            {body}    return x
              def bump(self: __torch__.M,
                x: Tensor) -> Any:
                return torch.add_(self.w, x)
              def keep(self: __torch__.M,
                t: Tensor) -> NoneType:
                _0 = torch.append(self.l, t)
                return None
              def grow(self: __torch__.M,
                k: List[int]=[1, 2]) -> int:
                _0 = torch.append(k, 3)
                return torch.len(k)
              def perhaps(self: __torch__.M,
                flag: Any) -> NoneType:
                if unchecked_cast(bool, flag):
                  pass
                else:
                  _0 = torch.add_(self.w, 1)
                return None
              def helper(self: __torch__.M,
                x: Tensor) -> Tensor:
                return x
              def both(self: __torch__.M,
                l: List[Tensor],
                m: List[Tensor]) -> Tensor:
                _0 = torch.append(l, self.w)
                return torch.add_(m[0], 1)
            class Box:
              w : Tensor
              def __contains__(self: __torch__.Box,
                n: int) -> bool:
                _0 = torch.add_(self.w, n)
                return True
            def one(t: Tensor,
                x: Tensor) -> Tensor:
              return __torch__.other(t, x, )
            def other(t: Tensor,
                x: Tensor) -> Tensor:
              _0 = torch.add_(t, x)
              return __torch__.one(t, x, )

            """;
        var syntax = ScriptSyntax.Read([("__torch__", code.ReplaceLineEndings("\n"))]);
        return WriteAnalysis.Run(syntax, "__torch__.M", ["forward"], inTraining ?? None);
    }
}
