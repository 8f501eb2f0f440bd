"""Makes the TorchScript files beside this one: python3 make.py, with PyTorch 1.13 or later."""
import torch
from torch import nn


class Mlp(nn.Module):
    """Two layers and one that is tied to the first; 8 -> 8."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)
        self.tied = nn.Linear(8, 8)
        self.tied.weight = self.first.weight
        self.norm = nn.BatchNorm1d(8)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.norm(self.tied(torch.relu(self.second(torch.relu(self.first(input))))))


class Scaled(Mlp):
    """With a second method."""

    @torch.jit.export
    def scale(self, input: torch.Tensor, factor: float) -> torch.Tensor:
        return self.forward(input) * factor


torch.manual_seed(1)
scripted = Scaled()
scripted(torch.randn(16, 8))
torch.jit.script(scripted).save("scripted.pt")
traced = Mlp()
traced(torch.randn(16, 8))
torch.jit.trace(traced.eval(), torch.randn(3, 8)).save("traced.pt")
