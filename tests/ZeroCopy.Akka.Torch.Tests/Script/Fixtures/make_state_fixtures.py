"""Writes the TorchScript files state_*.pt and layer_*.pt beside this script.

Run with PyTorch 1.13 or later: python3 make_state_fixtures.py. The files are part of the repository, so that the tests need no Python.
"""
import os
from typing import Dict, List, Tuple

import torch
from torch import Tensor, nn

FOLDER = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)


@torch.jit.script
class Holder(object):
    def __init__(self, count: int, held: Tensor):
        self.count = count
        self.held = held


class Sub(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(2), False)

    def forward(self, t: Tensor, x: Tensor) -> Tensor:
        return torch.add(t, x) + self.w


class State(nn.Module):
    """One attribute of each kind. Specs put other code into forward and helper."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.zeros(2), False)
        self.b = nn.Parameter(torch.zeros(2), False)
        self.tied = self.a
        self.register_buffer("total", torch.zeros(2))
        self.sub = Sub()
        self.holder = Holder(0, torch.zeros(2))
        self.tensors = torch.jit.Attribute([torch.zeros(2)], List[Tensor])
        self.pair = torch.jit.Attribute(([0], [torch.zeros(2)]), Tuple[List[int], List[Tensor]])
        self.seen = torch.jit.Attribute({"n": 0}, Dict[str, int])
        self.count = torch.jit.Attribute(0, int)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a + self.b + self.tied + self.total + self.sub(self.a, x) + self.holder.held + self.tensors[0] + self.pair[1][0]
        return y + self.seen["n"] + self.count + self.holder.count + self.pair[0][0]


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, mode="sum")

    def forward(self, ids: Tensor, offsets: Tensor) -> Tensor:
        return self.bag(ids, offsets)


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x)[0]


class Lending(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(3, 2), False)

    def forward(self, x: Tensor) -> Tensor:
        return self.table[1]

    @torch.jit.export
    def pair(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return self.table, x + 1

    @torch.jit.export
    def all(self, x: Tensor) -> List[Tensor]:
        return [self.table, x + 1]


def save(name, module):
    torch.jit.script(module.eval()).save(os.path.join(FOLDER, f"{name}.pt"))


def quantized(module, *inputs):
    module.eval()
    module.qconfig = torch.ao.quantization.get_default_qconfig(torch.backends.quantized.engine)
    prepared = torch.ao.quantization.prepare(module)
    prepared(*inputs)
    return torch.ao.quantization.convert(prepared)


def main():
    save("state_kinds", State())
    save("state_lending", Lending())
    save("layer_softmax", nn.Sequential(nn.Linear(4, 4), nn.Softmax(-1)))
    save("layer_embedding_bag", Bag())
    save("layer_lstm", Lstm())
    save("layer_transformer", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2))
    save("layer_batch_norm", nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True), nn.Dropout(),
                                           nn.Flatten(), nn.Hardtanh(inplace=True)))
    save("layer_instance_norm", nn.Sequential(nn.InstanceNorm1d(2), nn.GroupNorm(1, 2), nn.LayerNorm(3)))
    save("layer_quantized", quantized(nn.Sequential(torch.ao.quantization.QuantStub(), nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(),
                                            nn.Linear(8, 2),
                                                    torch.ao.quantization.DeQuantStub()), torch.randn(1, 1, 4, 4)))


if __name__ == "__main__":
    main()
