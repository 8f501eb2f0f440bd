using ZeroCopy.Torch.Script.Analysis;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Tests.Script.Analysis;

public sealed class RowMixingSpecs
{
    [Theory]
    [InlineData("a branch on a maximum", "if bool(torch.gt(torch.max(x), 1)):\n  y = torch.div(x, 255)\nelse:\n  y = x", "torch.max")]
    [InlineData("a branch on a row", "if bool(torch.select(torch.select(x, 0, 0), 0, 0)):\n  y = x\nelse:\n  y = x", "bool")]
    [InlineData("a number of a tensor", "n = torch.item(torch.slice(x, 0))", "torch.item")]
    [InlineData("an integer of a tensor", "n = int(torch.add(x, 1))", "int")]
    [InlineData("a division by the greatest", "y = torch.div(x, torch.clamp(torch.amax(x), 1))", "torch.amax")]
    [InlineData("a maximum of the first dimension", "y, i, = torch.max(x, 0)", "torch.max")]
    [InlineData("a maximum of dimensions that have the first", "y = torch.amax(x, [1, 0])", "torch.amax")]
    [InlineData("a maximum of no dimensions", "y = torch.amax(x, [])", "torch.amax")]
    [InlineData("a method of the tensor", "y = (x).any(0)", "torch.any")]
    [InlineData("a sum in another type", "y = torch.sum(x, dtype=6)", "torch.sum")]
    [InlineData("a deviation with a correction", "y = torch.std(x, True)", "torch.std")]
    [InlineData("a norm", "y = torch.norm(x, 2)", "torch.norm")]
    [InlineData("an order of rows", "y, i, = torch.sort(x, 0)", "torch.sort")]
    [InlineData("a running sum of rows", "y = torch.cumsum(x, 0)", "torch.cumsum")]
    [InlineData("a running sum of rows in place", "_0 = torch.cumsum_(x, 0)", "torch.cumsum_")]
    [InlineData("the rows in reverse", "y = torch.flip(x, [0])", "torch.flip")]
    [InlineData("the greatest rows", "y, i, = torch.topk(x, 3, 0)", "torch.topk")]
    [InlineData("places that are not zero", "y = torch.nonzero(x)", "torch.nonzero")]
    [InlineData("places where it holds", "y = torch.where(torch.gt(x, 0))", "torch.where")]
    [InlineData("elements that are chosen", "y = torch.masked_select(x, torch.gt(x, 0))", "torch.masked_select")]
    [InlineData("a question whether all are equal", "if torch.equal(x, given[0]):\n  y = x\nelse:\n  y = x", "torch.equal")]
    [InlineData("activations in the range of all", "y = ops.quantized.linear_dynamic(x, self.w)", "ops.quantized.linear_dynamic")]
    [InlineData(
        "a norm of the batch in training",
        "y = torch.batch_norm(x, None, None, self.w, self.w, True, 0.1, 1.e-5, True)",
        "batch_norm")]
    [InlineData("as many classes as there are", "y = torch.one_hot(x, -1)", "torch.one_hot")]
    [InlineData("rows repeated by numbers of the input", "y = torch.repeat_interleave(x, given[0], 0)", "torch.repeat_interleave")]
    [InlineData("rows put where the input says", "y = torch.index_add(torch.zeros_like(x), 0, given[0], x)", "torch.index_add")]
    [InlineData("sequences of different lengths", "y, z = torch._pack_padded_sequence(x, given[0], True)", "_pack_padded_sequence")]
    [InlineData("a list of what is given", "n = int(given[0])", "int")]
    [InlineData("a list that is filled", "l = annotate(List[Tensor], [])\n_0 = torch.append(l, x)\nn = int(l[0])", "int")]
    [InlineData("a helper that is given a row", "y = (self).half(x, )", "torch.max in __torch__.M.half")]
    [InlineData("a new tensor that is filled", "y = torch.zeros([3])\n_0 = torch.copy_(y, x)\nn = int(torch.select(y, 0, 0))", "int")]
    [InlineData("a new tensor that a helper fills", "y = torch.zeros([3])\n_0 = (self).fill(y, x, )\nn = int(y)", "int")]
    [InlineData("one of two", "if given:\n  y = x\nelse:\n  y = self.w\nn = int(y)", "int")]
    public void WriteAnalysis_should_find_rows_mixed_by(string what, string statements, string finding)
    {
        var found = Run(statements).MixingRows.GetValueOrDefault("forward");

        Assert.True(found is not null, what);
        Assert.Contains(finding, found, StringComparison.Ordinal);
        Assert.Contains("line ", found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a maximum of each row", "y, i, = torch.max(x, 1)\nz = torch.amax(x, [-1])")]
    [InlineData("a softmax of each row", "y = torch.softmax(x, 1)\nz = torch.log_softmax(x, -1, None)")]
    [InlineData("the greater of two tensors", "y = torch.max(x, torch.mul(x, 2))")]
    [InlineData("a mean of two dimensions", "y = torch.mean(x, [2, 3], True)")]
    [InlineData("a norm of each row", "y = torch.norm(x, 2, [1], True)")]
    [InlineData(
        "a norm of the batch in evaluation",
        "y = torch.batch_norm(x, None, None, self.w, self.w, self.training, 0.1, 1.e-5, True)")]
    [InlineData(
        "a traced size",
        "n = ops.prim.NumToTensor(torch.size(x, 0))\ny = torch.view(x, [int(n), int(torch.mul(n, CONSTANTS.c0))])")]
    [InlineData("numbers of sizes", "n = torch.size(x, 0)\nif bool(n):\n  y = torch.view(x, [int(n), -1])\nelse:\n  y = x")]
    [InlineData("a weight's scale", "y = torch.quantize_per_tensor(x, torch.item(self.w), int(self.w), 13)")]
    [InlineData("the greatest weight", "y = torch.mul(x, torch.max(torch.abs(self.w)))")]
    [InlineData("positions", "p = torch.arange(torch.size(x, 1))\nn = int(torch.max(p))")]
    [InlineData("zeros like the input", "n = torch.item(torch.max(torch.zeros_like(x)))")]
    [InlineData("a helper that is given a weight", "y = (self).half(self.w, )\nn = int(y)")]
    [InlineData("weights in a list", "n = int([self.w, self.w][1])")]
    [InlineData("a number of classes", "y = torch.one_hot(x, 10)\nz = torch.repeat_interleave(x, 2, 0)")]
    [InlineData("elements of each row", "y = torch.gather(x, 1, given[0])")]
    [InlineData("a filter of elements", "y = torch.where(torch.gt(x, 0), x, self.w)")]
    public void WriteAnalysis_should_find_no_rows_mixed_by(string what, string statements) =>
        Assert.True(Run(statements).MixingRows.Count == 0, $"{what}: {Run(statements).MixingRows.GetValueOrDefault("forward")}");

    [Fact]
    public void WriteAnalysis_should_tell_the_methods_apart_by_what_they_mix()
    {
        var analysis = Run("y = torch.mul(x, 2)", "forward", "half");

        Assert.Equal(["half"], analysis.MixingRows.Keys);
    }

    private static WriteAnalysis Run(string statements, params string[] methods)
    {
        var body = string.Concat(statements.Split('\n').Select(line => $"    {line}\n"));
        var code = $"""
            class M(Module):
              w : Tensor
              training : bool
              def forward(self: __torch__.M,
                x: Tensor,
                given: List[Tensor]) -> Tensor:
            {body}    return x
              def half(self: __torch__.M,
                t: Tensor) -> Tensor:
                return torch.div(t, torch.max(t))
              def fill(self: __torch__.M,
                t: Tensor,
                by: Tensor) -> Tensor:
                return torch.copy_(t, by)

            """;
        var syntax = ScriptSyntax.Read([("__torch__", code)]);
        Assert.Null(syntax.Problem);
        return WriteAnalysis.Run(syntax, "__torch__.M", methods is [] ? ["forward"] : methods, new HashSet<string>());
    }
}
