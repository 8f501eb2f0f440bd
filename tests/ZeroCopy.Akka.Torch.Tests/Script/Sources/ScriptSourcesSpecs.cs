using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Sources;

namespace ZeroCopy.Torch.Tests.Script.Sources;

public sealed class ScriptSourcesSpecs
{
    private const string Net = """
        class Net(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          left : __torch__.a.Block
          right : __torch__.b.Block
          def forward(self: __torch__.Net,
            x: Tensor) -> Tensor:
            left = self.left
            right = self.right
            return torch.add((left).forward(x, ), (right).forward(x, ))

        """;

    private static readonly PickleGlobal Root = new("__torch__", "Net", 0, 0);

    [Fact]
    public void ScriptSources_should_merge_classes_that_differ_in_their_namespace_only_children_before_parents()
    {
        var sources = Sources(Block("a"), Block("b"), Linear("a"), Linear("b"));

        var merged = sources.Merge(Root);

        Assert.Equal(["__torch__.b.Block", "__torch__.b.Linear"], merged.Keys.Order());
        Assert.Equal(("__torch__.a", "Linear"), merged["__torch__.b.Linear"]);
        Assert.Null(sources.Text("code/__torch__/b.py"));
        Assert.Contains("  right : __torch__.a.Block\n", sources.Text("code/__torch__.py"));
    }

    [Fact]
    public void ScriptSources_should_name_a_class_that_is_left_when_what_stands_for_a_class_is_merged_itself()
    {
        // Blocks d and e are alike at first sight; block c is like them once its child, which comes last, is merged.
        var sources = Sources(
            Linear("a"), Linear("b"), Block("c", child: "f"), Block("d", child: "a"), Block("e", child: "b"), Linear("f"));

        var merged = sources.Merge(Root);

        Assert.Equal(("__torch__.c", "Block"), merged["__torch__.d.Block"]);
        Assert.Equal(("__torch__.c", "Block"), merged["__torch__.e.Block"]);
    }

    [Fact]
    public void ScriptSources_should_stop_merging_classes_that_lie_in_more_of_each_other_than_modules_do()
    {
        // Parents come first, so that every round finds one pair alike.
        var sources = Sources([.. Enumerable.Range(0, 200).SelectMany(i => new[] { Parent("a", i), Parent("b", i) })]);

        Assert.Equal(100, sources.Merge(Root).Count);

        static File Parent(string space, int i)
        {
            var block = Block($"{space}{i}", child: i < 199 ? $"{space}{i + 1}" : "leaf");
            return block with { Text = block.Text.Replace(".Linear\n", ".Block\n") };
        }
    }

    [Fact]
    public void ScriptSources_should_leave_texts_as_they_are_when_they_look_like_a_class()
    {
        var told = Block("b") with { Text = Block("b").Text.Replace("    return", "    print(\"\\\"__torch__.b.Linear\")\n    return") };
        var sources = Sources(Block("a"), told, Linear("a"), Linear("b"));

        Assert.Equal(["__torch__.b.Linear"], sources.Merge(Root).Keys);
        Assert.Contains("  linear : __torch__.a.Linear\n", sources.Text("code/__torch__/b.py"));
        Assert.Contains("print(\"\\\"__torch__.b.Linear\")", sources.Text("code/__torch__/b.py"));
    }

    [Fact]
    public void ScriptSources_should_keep_classes_apart_when_their_code_differs()
    {
        var other = Linear("b") with { Text = Linear("b").Text.Replace("torch.linear(x, weight)", "torch.linear(x, torch.neg(weight))") };
        var sources = Sources(Block("a"), Block("b"), Linear("a"), other);

        Assert.Empty(sources.Merge(Root));
    }

    [Fact]
    public void ScriptSources_should_leave_the_root_a_module_that_holds_the_tensors()
    {
        var sources = Sources(Block("a"), Block("b"), Linear("a"), Linear("b"));

        sources.MakePlain(Root, ["left.linear.weight"]);

        Assert.StartsWith(
            "class Net(Module):\n  __annotations__[\"left.linear.weight\"] = Tensor\n  __parameters__ = []\n",
            sources.Text("code/__torch__.py"));
        Assert.Equal(
            """
            class Block:
              linear : __torch__.a.Linear
              def forward(self: __torch__.a.Block,
                x: Tensor) -> Tensor:
                linear = self.linear
                return (linear).forward(x, )
            class Linear:
              weight : Tensor
              def forward(self: __torch__.a.Linear,
                x: Tensor) -> Tensor:
                weight = self.weight
                return torch.linear(x, weight)

            """,
            sources.Text("code/__torch__/a.py"));
    }

    [Theory]
    [InlineData("class Face(ModuleInterface):\n  pass\n")]
    [InlineData("class Hooked(Module):\n  __parameters__ = []\n  __forward_hooks__ = [\"hook\", ]\n")]
    [InlineData("class Old(Module):\n  def forward(self: __torch__.c.Old) -> Tensor:\n    return ops.quantized.conv2d(x)\n")]
    [InlineData("class Odd(Module):\n  __parameters__ = [\"a\",\n    \"b\"]\n")]
    [InlineData("class Kept(Module):\n  def __setstate__(self: __torch__.c.Kept, state: bool) -> NoneType:\n    self.training = state\n")]
    [InlineData("class Twice(Module):\n  __parameters__ = []\nclass Twice(Module):\n  __parameters__ = []\n")]
    [InlineData("op_version_set = 1\n")]
    public void ScriptSources_should_leave_alone_what_only_modules_may_be(string definition)
    {
        Assert.True(Sources(Block("a"), Block("b"), Linear("a"), Linear("b")).CanSimplify(Root));
        Assert.False(Sources(Block("a"), Block("b"), Linear("a"), Linear("b"), new("c", definition)).CanSimplify(Root));
    }

    [Fact]
    public void ScriptSources_should_give_texts_back_as_they_were_when_nothing_is_changed()
    {
        const string Text = "def norm(x: Tensor) -> Tensor:\n  return x\n\nclass Pair(NamedTuple):\n  a : Tensor\n";

        Assert.Equal(Text, Sources(new File("c", Text)).Text("code/__torch__/c.py"));
    }

    private static ScriptSources Sources(params File[] files) => ScriptSources.Parse(
        files.GroupBy(file => file.Space).Select(
            group => ($"code/__torch__/{group.Key}.py", string.Concat(group.Select(file => file.Text))))
            .Prepend(("code/__torch__.py", Net)));

    private static File Block(string space, string? child = null) => new(space, $"""
        class Block(Module):
          __parameters__ = []
          __buffers__ = []
          linear : __torch__.{child ?? space}.Linear
          def forward(self: __torch__.{space}.Block,
            x: Tensor) -> Tensor:
            linear = self.linear
            return (linear).forward(x, )

        """);

    private static File Linear(string space) => new(space, $"""
        class Linear(Module):
          __parameters__ = ["weight", ]
          __buffers__ = []
          weight : Tensor
          def forward(self: __torch__.{space}.Linear,
            x: Tensor) -> Tensor:
            weight = self.weight
            return torch.linear(x, weight)

        """);

    private sealed record File(string Space, string Text);
}
