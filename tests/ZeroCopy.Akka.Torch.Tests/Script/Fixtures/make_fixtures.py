"""Writes the TorchScript files beside this script and PyTorch's answers to calls of them (examples.json).

Run with PyTorch 1.13 or later: python3 make_fixtures.py. The files are part of the repository, so that the tests need no Python.
"""
import json
import os
from enum import Enum
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn
import torch.nn.functional as F

FOLDER = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = {}
torch.manual_seed(7)


def value(x):
    if x is None or isinstance(x, (bool, str)):
        return x
    if isinstance(x, Tensor):
        flat = x.detach()
        kind = str(x.dtype).split(".")[1]
        if flat.is_complex():
            flat = torch.view_as_real(flat.resolve_conj())
        return {"tensor": kind, "shape": list(x.shape), "data": flat.double().reshape(-1).tolist()}
    if isinstance(x, int):
        return {"int": x}
    if isinstance(x, float):
        return {"float": x}
    if isinstance(x, dict):
        return {"dict": [[value(k), value(v)] for k, v in x.items()]}
    if isinstance(x, tuple):
        return {"tuple": [value(item) for item in x]}
    if isinstance(x, list):
        return {"list": [value(item) for item in x]}
    raise TypeError(type(x))


def save(name, module, *calls, extra=None):
    """Each call is a tuple of arguments of forward, or (method, arguments). They are made one after the other on one loaded module."""
    path = os.path.join(FOLDER, name + ".pt")
    torch.jit.save(module, path, _extra_files=extra or {})
    loaded = torch.jit.load(path).eval()
    record = []
    for call in calls:
        method, arguments = call if isinstance(call[0], str) and isinstance(call[1], tuple) else ("forward", call)
        with torch.no_grad():
            answer = loaded(*arguments) if method == "forward" else getattr(loaded, method)(*arguments)
        record.append({"method": method, "arguments": [value(a) for a in arguments], "answer": value(answer)})
    EXAMPLES[name] = record


def script(name, module, *calls, **options):
    for parameter in module.parameters():
        if parameter.is_floating_point() or parameter.is_complex():
            nn.init.normal_(parameter.data)
    save(name, torch.jit.script(module.eval()), *calls, **options)


class ControlFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor, times: int):
        for i in range(times):
            if x.sum() > 0:
                x = self.layer(x)
            else:
                x = x - float(i) + 1.0
        while x.abs().max() > 2.0:
            x = x / 2.0
        return x


class Arguments(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, n: int, f: float, b: bool, s: str, o: Optional[Tensor], extra: Optional[int] = None):
        y = x * self.weight * n + f
        if b:
            y = -y
        if s == "double":
            y = y * 2
        if o is not None:
            y = y + o
        if extra is not None:
            y = y + extra
        return y

    @torch.jit.export
    def lists(self, xs: List[Tensor], ns: List[int], fs: List[float], bs: List[bool], ss: List[str]):
        return torch.stack(xs).sum(0) * self.weight + sum(ns) + fs[0] + float(bs[0]) + len(ss)

    @torch.jit.export
    def maps(self, xs: Dict[str, Tensor], pair: Tuple[Tensor, int]):
        return xs["a"] - xs["b"] * self.weight + pair[0] * pair[1]


class Outputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> Tuple[Tensor, Tuple[Tensor, List[Tensor]], Dict[str, Tensor]]:
        y = x * self.weight
        return y, (y + 1, [y + 2, y + 3]), {"sum": y.sum(), "shape": y * 0}

    @torch.jit.export
    def dictionary(self, x: Tensor) -> Dict[str, Tensor]:
        return {"first": x * self.weight, "second": x}

    @torch.jit.export
    def numbered(self, x: Tensor) -> Dict[int, Tensor]:
        return {1: x * self.weight, 2: x}

    @torch.jit.export
    def tensors(self, x: Tensor) -> List[Tensor]:
        return [x * self.weight, x]

    @torch.jit.export
    def nested(self, x: Tensor) -> List[List[Tensor]]:
        return [[x * self.weight], [x, x + 1]]

    @torch.jit.export
    def pairs(self, x: Tensor) -> List[Tuple[Tensor, int]]:
        return [(x * self.weight, 3)]

    @torch.jit.export
    def mixed(self, x: Tensor) -> Tuple[Tensor, int, float, bool, str, Optional[Tensor]]:
        return x * self.weight, 3, 1.5, True, "text", None

    @torch.jit.export
    def integers(self, x: Tensor) -> List[int]:
        return [1, 2, x.size(0)]

    @torch.jit.export
    def floats(self, x: Tensor) -> List[float]:
        return [0.5, float(x.sum())]

    @torch.jit.export
    def flags(self, x: Tensor) -> List[bool]:
        return [True, bool(x.sum() > 0)]

    @torch.jit.export
    def texts(self, x: Tensor) -> List[str]:
        return ["a", "b"]

    @torch.jit.export
    def text(self, x: Tensor) -> str:
        return "answer"

    @torch.jit.export
    def integer(self, x: Tensor) -> int:
        return x.numel()

    @torch.jit.export
    def number(self, x: Tensor) -> float:
        return float(x.sum())

    @torch.jit.export
    def flag(self, x: Tensor) -> bool:
        return bool(x.sum() > 0)

    @torch.jit.export
    def nothing(self, x: Tensor) -> None:
        return None


class Pair(NamedTuple):
    left: Tensor
    right: Tensor


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor):
        return Pair(self.layer(x), x)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(5, 3, bias=False)
        self.decode = nn.Linear(5, 3, bias=False)
        self.decode.weight = self.encode.weight
        self.again = self.encode

    def forward(self, x):
        return self.encode(x) + self.decode(x) * 2 + self.again(x)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(8, 2)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        z, _ = self.gru(y)
        return z, h, c


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        nn.init.uniform_(self.norm.running_mean, -1, 1)
        nn.init.uniform_(self.norm.running_var, 0.5, 2)
        self.instance = nn.InstanceNorm2d(3, affine=True, track_running_stats=True)
        nn.init.uniform_(self.instance.running_mean, -1, 1)

    def forward(self, x):
        return F.relu(self.instance(self.norm(self.conv(x))))


class Typed(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, 2, dtype=dtype))
        self.register_buffer("shift", torch.ones(2, dtype=dtype))

    def forward(self, x: Tensor):
        return (x.to(self.weight.dtype) * self.weight[0] + self.shift) * self.weight.sum()


class Integers(nn.Module):
    def __init__(self):
        super().__init__()
        for dtype in (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool):
            self.register_buffer(str(dtype).split(".")[1] + "_buffer", torch.tensor([0, 1, 1, 0]).to(dtype))

    def forward(self, x: Tensor):
        return x + self.int8_buffer + self.uint8_buffer + self.int16_buffer + self.int32_buffer + self.int64_buffer + self.bool_buffer


class Empty(nn.Module):
    def __init__(self):
        super().__init__()
        self.none = nn.Parameter(torch.zeros(0, 3))
        self.scale = nn.Parameter(torch.tensor(2.5))
        self.register_buffer("void", torch.zeros(4, 0))
        self.maybe: Optional[Tensor] = None
        self.register_buffer("absent", None)

    def forward(self, x: Tensor):
        return torch.cat([x * self.scale, self.none])


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


@torch.jit.interface
class Step(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class Containers(nn.Module):
    step: Step

    def __init__(self):
        super().__init__()
        self.items = nn.ModuleList([Block(2), Block(2)])
        self.named = nn.ModuleDict({"a": Block(2), "b": nn.Tanh()})
        self.chain = nn.Sequential(Block(2), nn.ReLU(), Block(2))
        self.step = Block(2)
        self.weights = nn.ParameterList([nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))])

    def forward(self, x: Tensor):
        for item in self.items:
            x = item(x)
        for item in self.named.values():
            x = item(x)
        return self.step.forward(self.chain(x))


class Strided(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, 4).t())
        self.filter = nn.Parameter(torch.zeros(2, 3, 2, 2).to(memory_format=torch.channels_last))
        base = torch.arange(24.0)
        self.register_buffer("head", base[:6])
        self.register_buffer("tail", base[6:].reshape(3, 6))
        self.register_buffer("every_other", torch.arange(10.0)[::2])
        self.register_buffer("wide", torch.ones(1, 3).expand(4, 3))

    def forward(self, x: Tensor):
        y = x @ self.weight
        return y.sum() + self.filter.sum(0) + self.head.sum() + self.tail.mean() + self.every_other.sum() + self.wide.sum()


class Overlapping(nn.Module):
    """Two buffers over one memory: what is written through one is seen through the other."""

    def __init__(self):
        super().__init__()
        base = torch.arange(6.0)
        self.register_buffer("whole", base)
        self.register_buffer("part", base[2:4])

    def forward(self, x: Tensor):
        self.part.add_(x)
        return self.whole * 1.0


class Attributes(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.arange(8.0)
        self.tensors = [torch.ones(2), torch.full((2,), 3.0)]
        self.lookup = {"a": torch.full((2,), 5.0)}
        self.pair = (torch.full((2,), 7.0), 3)
        self.names = ["x", "y"]
        self.sizes = {"k": 4}
        self.scale = 0.5
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor):
        return (self.layer(x) + self.table[:2] + self.tensors[0] + self.tensors[1] + self.lookup["a"]
                + self.pair[0] * self.pair[1] * self.scale + self.sizes["k"])


class Stateful(nn.Module):
    last: Optional[Tensor]
    history: List[Tensor]
    seen: Dict[str, int]

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("total", torch.zeros(2))
        self.register_buffer("calls", torch.zeros(1, dtype=torch.int64))
        self.count = 0
        self.last = None
        self.history = []
        self.seen = {}

    def forward(self, x: Tensor):
        self.total += x * self.weight
        self.calls.add_(1)
        self.count += 1
        last = self.last
        before = x * 0 if last is None else last
        self.last = x
        self.history.append(x)
        self.seen["calls"] = self.count
        return self.total * 1.0, self.calls * 1, self.count, before, len(self.history), self.seen["calls"]

    @torch.jit.export
    def reset(self):
        self.total.zero_()
        self.calls.zero_()
        self.count = 0
        self.last = None
        self.history.clear()


class HiddenState(nn.Module):
    """State that is changed without an assignment to an attribute."""

    counts: List[int]

    def __init__(self):
        super().__init__()
        self.cache = torch.zeros(2)
        self.boxes = [torch.zeros(2)]
        self.counts = [0]

    def forward(self, x: Tensor):
        cache = self.cache
        view = cache[0:1]
        view += x.sum()
        self.boxes[0] += x
        self.counts[0] += 1
        return cache * 1.0, self.boxes[0] * 1.0, self.counts[0]


class TrainedNorm(nn.Module):
    """Traced in training mode: its statistics go on changing."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x: Tensor):
        return self.norm(x), self.norm.running_mean * 1.0


class FunctionalNorm(nn.Module):
    """Changes its statistics by no operation whose name says so."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("variance", torch.ones(2))

    def forward(self, x: Tensor):
        return F.batch_norm(x, self.mean, self.variance, training=True), self.mean * 1.0


class Optionals(nn.Module):
    def forward(self, x: Tensor, mask: Optional[Tensor] = None, n: Optional[int] = None, f: Optional[float] = None):
        if mask is not None:
            x = x * mask
        if n is not None:
            x = x + n
        if f is not None:
            x = x * f
        return x


class Defaults(nn.Module):
    def forward(self, x: Tensor, scale: float = 2.0, name: str = "a, b]", shape: Tuple[int, int] = (1, 2),
                flags: Optional[List[bool]] = None):
        y = x * scale + len(name) + shape[1]
        return {name: y} if flags is None else {name: y, "flags": y * len(flags)}


class Methods(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.other = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x)

    def encode(self, x):
        return self.other(x)


class Color(Enum):
    RED = 1
    BLUE = 2


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.value = start

    def increment(self) -> int:
        self.value += 1
        return self.value


class CustomClass(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.color = Color.BLUE

    def forward(self, x: Tensor):
        counter = Counter(2)
        counter.increment()
        y = self.layer(x)
        if self.color == Color.BLUE:
            y = y + 1
        return y * counter.value


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = Block(3)
        self.two = self.one
        self.three = Block(3)

    def forward(self, x: Tensor):
        return self.three(self.two(self.one(x)))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 8, padding_idx=0)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)

    def forward(self, ids: Tensor):
        x = self.embedding(ids)
        y, _ = self.attention(x, x, x)
        return self.norm(x + y)


class Asserts(nn.Module):
    def forward(self, x: Tensor):
        if x.dim() != 2:
            raise ValueError("two dimensions are wanted")
        assert x.size(0) < 5, "too many rows"
        return x + 1


class Constants(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(40, 30)

    def forward(self, x: Tensor):
        return self.layer(x) + torch.arange(30.0)


class Randomness(nn.Module):
    def forward(self, x: Tensor):
        return F.dropout(x, 0.5, self.training) + 1


class Devices(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.where = torch.device("cpu")

    def forward(self, x: Tensor, dtype: int = 6):
        return self.layer(x).to(self.where), torch.zeros(2, device=x.device), x.to(torch.float64)


class Conjugates(nn.Module):
    def __init__(self):
        super().__init__()
        w = torch.tensor([1 + 2j, 3 + 4j], dtype=torch.complex64)
        self.register_buffer("w", w)
        self.register_buffer("wc", w.conj())

    def forward(self, x: Tensor):
        return torch.view_as_real((self.w * x).resolve_conj()), torch.view_as_real((self.wc * x).resolve_conj())


class Views(nn.Module):
    """Parameters and buffers that are parts of others: dense, with gaps, turned, repeated, empty."""

    def __init__(self):
        super().__init__()
        flat = torch.randn(24)
        self.flat = nn.Parameter(flat)
        self.part = nn.Parameter(flat[12:].view(4, 3))
        self.column = nn.Parameter(flat.view(6, 4)[:, 1])
        self.register_buffer("turned", flat[:12].view(3, 4).t())
        self.register_buffer("repeated", torch.randn(3).expand(2, 3))
        self.register_buffer("none", torch.zeros(0, 4))
        self.register_buffer("nowhere", torch.zeros(0, dtype=torch.int64), persistent=False)

    def forward(self, x: Tensor):
        return self.flat * x, self.part * x, self.column * x, self.turned * x + self.repeated.sum(), self.none, self.nowhere


class Strides(nn.Module):
    """Reads memory of a storage beside the elements of a tensor."""

    def __init__(self):
        super().__init__()
        self.part = nn.Parameter(torch.arange(24.0)[6:18])
        self.whole = nn.Parameter(torch.arange(6.0).view(2, 3))

    def forward(self, x: Tensor):
        return (torch.as_strided(self.part, [4], [1], 8) * x, torch.as_strided(self.part, [4], [1], 20) * x,
                torch.as_strided(self.whole, [6], [1]) * x)


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor, times: int = 2):
        return self.layer(x) * times


def add_one(self, inputs: Tuple[Tensor, int]) -> Tuple[Tensor, int]:
    return inputs[0] + 1, inputs[1]


def do_nothing(self, inputs: Tuple[Tensor, int]) -> None:
    pass


def with_input(self, inputs: Tuple[Tensor, int], output: Tensor) -> Tuple[Tensor, Tensor]:
    return output * 2, inputs[0]


def sum_up(self, inputs: Tuple[Tensor, int], output: Tuple[Tensor, Tensor]) -> Tensor:
    return output[0] + output[1] + inputs[1]


class OwnState(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.count = 3

    def forward(self, x: Tensor):
        return x * self.weight * self.count

    @torch.jit.export
    def __getstate__(self):
        return self.weight, self.count, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[Tensor, int, bool]):
        self.weight = state[0] * 1
        self.count = state[1] + 1
        self.training = state[2]


class Sparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("mask", torch.eye(3)[:2].to_sparse())

    def forward(self, x: Tensor):
        return self.layer(torch.mm(self.mask, x))


class Names(nn.Module):
    """Attributes with names that no program text can have."""

    def __init__(self):
        super().__init__()
        for i, name in enumerate(["x,y", "a]b", "my-weight", "sl/ash", "$", "0w"]):
            self.register_buffer(name, torch.full((2,), i + 1.0))
        self.register_parameter("p, q", nn.Parameter(torch.zeros(2)))
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor):
        return self.layer(x) + getattr(self, "x,y") * 10 + getattr(self, "a]b") * 100 + getattr(self, "p, q")


def main():
    x = torch.randn
    script("control_flow", ControlFlow(), (x(4), 3), (-x(4).abs(), 2), (x(2, 4), 0))
    a = x(3)
    script(
        "arguments", Arguments(),
        (a, 2, 0.5, True, "double", x(3), 4), (a, 2, 0.5, False, "", None), (a, -3, -1.0, False, "double", None, None),
        ("lists", ([x(3), x(3)], [1, 2], [0.25], [True], ["a", "b"])),
        ("maps", ({"a": x(3), "b": x(3)}, (x(3), 5))))
    names = ["dictionary", "numbered", "tensors", "nested", "pairs", "mixed", "integers", "floats", "flags", "texts",
             "text", "integer", "number", "flag", "nothing"]
    script("outputs", Outputs(), (x(2),), *[(name, (x(2),)) for name in names])
    script("named_tuple", Named(), (x(1, 2),))
    script("tied", Tied(), (x(2, 5),))
    script("recurrent", Recurrent(), (x(2, 5, 3),), (x(1, 2, 3),))
    script("convolution", Convolution(), (x(2, 1, 6, 6),))
    for name, dtype in (("half", torch.float16), ("bfloat16", torch.bfloat16), ("double", torch.float64),
                        ("complex", torch.complex64), ("complex_double", torch.complex128)):
        script(name, Typed(dtype), (x(2),))
    script("integers", Integers(), (x(4),))
    script("empty", Empty(), (x(2, 3),))
    script("no_parameters", Randomness(), (x(3),))
    script("containers", Containers(), (x(2, 2),))
    script("strided", Strided(), (x(2, 4),))
    script("overlapping", Overlapping(), (x(2),), (x(2),))
    script("attributes", Attributes(), (x(2),))
    script("stateful", Stateful(), (x(2),), (x(2),), ("reset", ()), (x(2),))
    script("hidden_state", HiddenState(), (x(2),), (x(2),))
    script("custom_class", CustomClass(), (x(2),))
    script("shared_module", Shared(), (x(2, 3),))
    script("attention", Attention(), (torch.tensor([[1, 2, 3, 0]]),))
    script("asserts", Asserts(), (x(2, 2),))
    script("devices", Devices(), (x(2),))
    script("optionals", Optionals(), (x(2),), (x(2), x(2)), (x(2), None, 3), (x(2), x(2), 3, 0.5), (x(2), None, None, 0.5))
    script("defaults", Defaults(), (x(2),), (x(2), 3.0), (x(2), 3.0, "\u00fcber"), (x(2), 3.0, "", (4, 5), [True, False]))
    script("functional_norm", FunctionalNorm(), (x(4, 2),), (x(4, 2),))
    save("traced_functional_norm", torch.jit.trace(FunctionalNorm(), x(4, 2), check_trace=False), (x(4, 2),), (x(4, 2),))
    script("extra_files", Block(2), (x(2),), extra={"notes/readme.txt": "hello", "config.json": "{}"})
    save("traced", torch.jit.trace(Recurrent().eval(), x(2, 5, 3)), (x(2, 5, 3),))
    save("traced_tied", torch.jit.trace(Tied().eval(), x(2, 5)), (x(2, 5),))
    save("traced_constant", torch.jit.trace(Constants().eval(), x(2, 40)), (x(2, 40),))
    save("traced_training", torch.jit.trace(TrainedNorm().train(), x(4, 2), check_trace=False), (x(4, 2),), (x(4, 2),))
    methods = Methods().eval()
    save("traced_methods", torch.jit.trace_module(methods, {"forward": x(1, 3), "encode": x(1, 3)}), (x(2, 3),), ("encode", (x(2, 3),)))
    convolution = torch.jit.script(Convolution().eval())
    save("frozen", torch.jit.freeze(convolution), (x(2, 1, 6, 6),))
    linear = torch.jit.script(nn.Sequential(nn.Linear(3, 3), nn.ReLU()).eval())
    save("frozen_optimized", torch.jit.optimize_for_inference(linear), (x(2, 3),))
    save("frozen_methods", torch.jit.freeze(torch.jit.script(Outputs().eval()), preserved_attrs=["dictionary", "weight"]), (x(2),),
         ("dictionary", (x(2),)))
    torch.save(nn.Linear(2, 2), os.path.join(FOLDER, "pickled_module.pt"))
    torch.save(nn.Linear(2, 2).state_dict(), os.path.join(FOLDER, "state_dictionary.pt"))
    torch.save(nn.Linear(2, 2).state_dict(), os.path.join(FOLDER, "legacy_state_dictionary.pt"), _use_new_zipfile_serialization=False)
    quantized = torch.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)).eval(), {nn.Linear})
    save("quantized", torch.jit.script(quantized), (x(2, 4),))
    if torch.__version__ >= "2":
        # Before, PyTorch did not write that a tensor is a lazy conjugate.
        script("conjugates", Conjugates(), (torch.tensor([2.0, 3.0]),))
    script("views", Views(), (x(1),))
    script("strides", Strides(), (x(1),))
    hooked = Hooked()
    for hook in (add_one, do_nothing):
        hooked.register_forward_pre_hook(hook)
    for hook in (with_input, sum_up):
        hooked.register_forward_hook(hook)
    script("hooked", hooked, (x(3, 2), 3))
    script("own_state", OwnState(), (x(3, 2),))
    script("sparse", Sparse(), (x(3, 2),))
    script("names", Names(), (x(3, 2),))
    with open(os.path.join(FOLDER, "examples.json"), "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(calls)}" for name, calls in sorted(EXAMPLES.items())) + "\n}\n")


if __name__ == "__main__":
    main()
