using System.Text;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>
/// Scripts with parameters <c>a</c> and <c>b</c> of equal zeros, <c>tied</c> to <c>a</c>, a buffer <c>total</c>, a submodule <c>sub</c>, an
/// object <c>holder</c>, a list, a tuple of lists and a dictionary, whose <c>forward</c> does one thing and answers with all of it.
/// </summary>
internal static class StateKinds
{
    private const string Rest = """
          def everything(self: __torch__.State) -> Tensor:
            holder = self.holder
            sub = self.sub
            tensors = self.tensors
            pair = self.pair
            seen = self.seen
            _0 = [self.a, self.b, self.tied, self.total, sub.w, holder.held, tensors[0], ((pair)[1])[0]]
            _1 = [self.count, holder.count, ((pair)[0])[0], seen["n"], torch.len(tensors), torch.len((pair)[0]), torch.len((pair)[1])]
            return torch.cat([torch.flatten(torch.stack(_0)), torch.to(torch.tensor(_1), 6)])
        class Holder:
          count : int
          held : Tensor
          def __init__(self: __torch__.Holder,
            count: int,
            held: Tensor) -> NoneType:
            self.count = count
            self.held = held
            return None
          def grow(self: __torch__.Holder,
            x: Tensor) -> NoneType:
            _0 = torch.add_(self.held, x)
            return None
        class Sub(Module):
          __parameters__ = ["w", ]
          __buffers__ = []
          w : Tensor
          training : bool
          _is_full_backward_hook : Optional[bool]
          def bump(self: __torch__.Sub,
            t: Tensor,
            x: Tensor) -> Tensor:
            return torch.add_(t, x)
          def grow(self: __torch__.Sub,
            x: Tensor) -> Tensor:
            w = self.w
            return torch.add_(w, x)
          def same(self: __torch__.Sub,
            x: Tensor) -> Tensor:
            return x
        def bump(t: Tensor,
            x: Tensor) -> Tensor:
          return torch.add_(t, x)
        def part(t: Tensor) -> Tensor:
          return torch.select(t, 0, 0)
        def put(l: List[Tensor],
            t: Tensor) -> NoneType:
          _0 = torch.append(l, t)
          return None
        def norm(x: Tensor,
            m: Tensor,
            v: Tensor,
            training: bool=False) -> Tensor:
          return torch.batch_norm(x, None, None, m, v, training, 0.1, 0.001, True)

        """;

    /// <summary>Statements that write to what the next call reads, by what they do.</summary>
    public static IReadOnlyDictionary<string, string> Writing { get; } = new Dictionary<string, string>
    {
        ["parameter"] = "_0 = torch.add_(self.a, x)",
        ["tied parameter"] = "_0 = torch.add_(self.tied, x)",
        ["buffer"] = "total = self.total\n_0 = torch.add_(total, x)",
        ["function"] = "_0 = __torch__.bump(self.a, x, )",
        ["function that is a value"] = "_0 = __torch__.bump\n_1 = _0(self.a, x, )",
        ["method of a submodule"] = "_0 = (self.sub).bump(self.a, x, )",
        ["parameter of a submodule"] = "sub = self.sub\n_0 = (sub).grow(x, )",
        ["parameter of a submodule from outside"] = "sub = self.sub\n_0 = torch.add_(sub.w, x)",
        ["submodule by its name"] = "sub = getattr(self, \"sub\")\n_0 = torch.add_(sub.w, x)",
        ["what a submodule gives back"] = "_0 = torch.add_((self.sub).same(self.a, ), x)",
        ["view"] = "_0 = torch.add_(torch.select(self.a, 0, 0), torch.sum(x))",
        ["view of a view"] = "_0 = torch.add_(torch.view(torch.slice(self.a, 0, 0, 1), [-1]), torch.sum(x))",
        ["view that a function makes"] = "_0 = torch.add_(__torch__.part(self.a, ), torch.sum(x))",
        ["chunk"] = "p, q, = torch.chunk(self.a, 2)\n_0 = torch.add_(q, torch.sum(x))",
        ["index"] = "_0 = torch.copy_(torch.select(self.a, 0, 1), torch.add(torch.select(self.a, 0, 1), torch.sum(x)))",
        ["index of a tensor"] =
            "_0 = torch.index_put_(self.a, annotate(List[Optional[Tensor]], [torch.tensor([1])]), torch.select(x, 0, 0), True)",
        ["item"] = "a = self.a\na[0] = a[0] + x[1]",
        ["out"] = "a = self.a\n_0 = torch.add(a, x, out=self.a)",
        ["operator in place"] = "a = self.a\na += x",
        ["method in place"] = "a = self.a\n_0 = a.add_(x)",
        ["either of two"] = "if bool(torch.gt(torch.sum(x), 0)):\n  t = self.a\nelse:\n  t = self.b\n_0 = torch.add_(t, x)",
        ["conditional value"] = "t = self.a if bool(torch.gt(torch.sum(x), 0)) else self.b\n_0 = torch.add_(t, x)",
        ["later round of a loop"] = "t = torch.mul(x, 1)\nfor i in range(2):\n  _0 = torch.add_(t, x)\n  t = self.a",
        ["element of a loop"] = "for t in [self.a, self.b]:\n  _0 = torch.add_(t, x)",
        ["element of a list"] = "l = [self.a, self.b]\n_0 = torch.add_(l[1], x)",
        ["element of a list that a function fills"] =
            "l = annotate(List[Tensor], [])\n_0 = __torch__.put(l, self.a, )\n_1 = torch.add_(l[0], x)",
        ["value of a dictionary"] = "d = {\"k\": self.a}\n_0 = torch.add_(d[\"k\"], x)",
        ["item of a tuple"] = "t = (x, self.a)\n_0 = torch.add_((t)[1], x)",
        ["unpacked tuple"] = "p, q = (x, self.a)\n_0 = torch.add_(q, x)",
        ["attribute"] = "self.total = torch.add(self.total, x)",
        ["number"] = "self.count = torch.add(self.count, 1)",
        ["list"] = "_0 = torch.append(self.tensors, x)",
        ["item of a list"] = "torch._set_item(self.tensors, 0, torch.add(self.tensors[0], x))",
        ["tensor in a list"] = "_0 = torch.add_(self.tensors[0], x)",
        ["parameter that a list got"] = "torch._set_item(self.tensors, 0, self.b)\n_0 = torch.add_(self.tensors[0], x)",
        ["list in a tuple"] = "pair = self.pair\n_0 = torch.append((pair)[0], 1)",
        ["list of tensors in a tuple"] = "pair = self.pair\n_0 = torch.append((pair)[1], x)",
        ["tensor of a list in a tuple"] = "pair = self.pair\n_0 = torch.add_(((pair)[1])[0], x)",
        ["dictionary"] = "seen = self.seen\ntorch._set_item(seen, \"n\", torch.add(seen[\"n\"], 1))",
        ["attribute of an object"] = "holder = self.holder\nholder.count = torch.add(holder.count, 1)",
        ["tensor of an object"] = "holder = self.holder\n_0 = torch.add_(holder.held, x)",
        ["method of an object"] = "holder = self.holder\n_0 = (holder).grow(x, )",
        ["running statistics"] = "_0 = torch.batch_norm(torch.stack([x, x]), None, None, self.total, self.b, True, 0.1, 0.001, True)",
        ["running statistics in a function"] = "_0 = __torch__.norm(torch.stack([x, x]), self.total, self.b, True, )",
    };

    /// <summary>Statements that write to nothing that the next call reads.</summary>
    public static IReadOnlyDictionary<string, string> Reading { get; } = new Dictionary<string, string>
    {
        ["arithmetic"] = "_0 = torch.add(self.a, x)",
        ["copy"] = "_0 = torch.add_(torch.clone(self.a), x)",
        ["answer of a layer"] = "_0 = torch.relu_(torch.linear(x, torch.stack([self.a, self.b]), self.total))",
        ["answer of a layer behind a submodule"] =
            "_1 = (self.sub).same(self.a, )\n_0 = torch.relu_((self.sub).same(torch.mul(x, self.a), ))",
        ["its own list"] = "l = annotate(List[Tensor], [])\n_0 = torch.append(l, self.a)\n_1 = torch.append(l, x)\n_2 = torch.stack(l)",
        ["its own dictionary"] = "d = annotate(Dict[str, Tensor], {})\ntorch._set_item(d, \"k\", self.a)",
        ["its own object"] = "h = __torch__.Holder.__new__(__torch__.Holder)\n_0 = (h).__init__(1, self.a, )\nh.count = 7",
        ["its own tensor in a function"] = "_0 = __torch__.bump(torch.mul(self.a, 1), x, )",
        ["is None"] = "o = annotate(Optional[Tensor], self.a)\nif torch.__isnot__(o, None):\n  _0 = torch.mul(x, 2)\nelse:\n  _0 = x",
        ["training"] = "if self.training:\n  _0 = torch.add_(self.total, x)\nelse:\n  pass",
        ["training in a function"] = "_0 = __torch__.norm(torch.stack([x, x]), self.total, self.b, self.training, )",
        ["default of a function"] = "_0 = __torch__.norm(torch.stack([x, x]), self.total, self.b, )",
        ["sorted tensor"] = "p, q, = torch.sort(self.a)",
    };

    /// <summary>Writes a script whose <c>forward</c> runs statements.</summary>
    public static void Write(string path, string statements)
    {
        var file = new ScriptFile(ScriptExample.Path("state_kinds.pt"));
        var code = Encoding.UTF8.GetString(file.Read("code/__torch__.py"));
        const string Signature = "    x: Tensor) -> Tensor:\n";
        var head = code[..(code.IndexOf(Signature, StringComparison.Ordinal) + Signature.Length)];
        var body = string.Concat(statements.Split('\n').Append("return (self).everything()").Select(line => $"    {line}\n"));
        file.Write("code/__torch__.py", Encoding.UTF8.GetBytes(head + body + Rest.ReplaceLineEndings("\n")));
        file.Save(path);
    }
}
