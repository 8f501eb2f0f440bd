using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Service;

/// <summary>Scripts for nodes to serve.</summary>
internal static class NodeScripts
{
    /// <summary>
    /// Adds one to <c>x</c> as often as <c>times</c> says, which takes as long as a test wants: a million times are about a second.
    /// </summary>
    public static string Count(string path) => Save(path, $"""
          def forward(self: {ScriptText.Self},
            x: Tensor,
            times: int) -> Tensor:
            x0 = x
            for i in range(times):
              x0 = torch.add(x0, 1)
            return x0
        """);

    /// <summary>Adds one to <c>x</c> within a few hundredths of a second.</summary>
    public static string Slow(string path) => Save(path, $"""
          def forward(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            y = x
            for i in range(3000):
              y = torch.add(x, 1)
            return y
        """);

    /// <summary>Multiplies matrices, on all threads that libtorch has, as often as <c>times</c> says: for ever, for a test.</summary>
    public static string Multiply(string path) => Save(path, $"""
          def forward(self: {ScriptText.Self},
            x: Tensor,
            times: int) -> Tensor:
            x0 = torch.expand(x, [256, 256])
            for i in range(times):
              x0 = torch.matmul(x0, x0)
            return x0
        """);

    /// <summary>Turns every bit of <c>x</c> over, which are integers.</summary>
    public static string Invert(string path) => Save(path, $"""
          def forward(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            return torch.bitwise_not(x)
        """);

    /// <summary>Adds one to <c>x</c>, and by its method <c>down</c> takes one away.</summary>
    public static string UpAndDown(string path) => Save(path, $"""
          def forward(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            return torch.add(x, 1)
          def down(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            return torch.sub(x, 1)
        """);

    /// <summary>Raises an error of its own.</summary>
    public static string Raise(string path) => Save(path, $"""
          def forward(self: {ScriptText.Self},
            x: Tensor) -> Tensor:
            ops.prim.RaiseException("boom", "builtins.ValueError")
            return x
        """);

    private static string Save(string path, string methods)
    {
        ScriptText.Save(path, methods);
        return path;
    }
}
