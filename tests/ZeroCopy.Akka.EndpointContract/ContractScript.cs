using ZeroCopy.TestSupport;

namespace ZeroCopy.EndpointContract;

/// <summary>The model of the contract as a TorchScript file, without what a script cannot do.</summary>
public static class ContractScript
{
    /// <summary>Writes the file.</summary>
    public static void Save(string path) => ScriptText.Save(
        path,
        $"""
          def forward(self: {ScriptText.Self},
            a: Tensor,
            b: Tensor,
            scale: float=1.) -> Tensor:
            return torch.mul(torch.sub(a, b), scale)
          def pair(self: {ScriptText.Self},
            x: Tensor) -> Tuple[Tensor, Tensor]:
            return (torch.add(x, 1), torch.mul(x, 2))
          def named(self: {ScriptText.Self},
            x: Tensor) -> Dict[str, Tensor]:
            return {"{"}"plus": torch.add(x, 1), "twice": torch.mul(x, 2){"}"}
          def described(self: {ScriptText.Self},
            text: str,
            number: int) -> str:
            return torch.format("{"{}"} {"{}"}", text, number)
          def same(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            return x
          def fail(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            ops.prim.RaiseException("the model says no")
            return x
        """);
}
