using ZeroCopy.Errors;
using ZeroCopy.Product.Tests.Parity.Scripts;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>
/// Whatever ends while whoever uses it: in a process of its own, which must not die. Every use ends in its right answer, a failure of the
/// product's own, or as .NET's own objects do that are cancelled or disposed. With <c>ZEROCOPY_SOAK=1</c> each pair by itself, many times.
/// </summary>
public sealed class EndSpecs : ParitySpec
{
    private const int Rounds = 3;
    private const int RoundsOfASoak = 21;
    private static readonly string[] Typed = ["ok", "ObjectDisposedException", "OperationCanceledException", "TaskCanceledException"];
    private static readonly string[] Uses =
        ["load", "pipeline", "receive", "rent", "script", "state", "task", "ask", "resize", "start", "map", "remote", "put"];

    public static TheoryData<string> Ends =>
        new("unload", "release", "model", "close", "runtime", "store", "pool", "host", "terminate", "shutdown");

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Uses_should_end_right_or_typed_when_their_owner_ends_meanwhile(string end)
    {
        var child = await StartAsync("ends", ScriptFiles.Path("traced"));
        if (Soak.IsOn)
        {
            foreach (var use in Uses)
            {
                for (var rounds = 0; rounds < RoundsOfASoak; rounds += Rounds)
                {
                    AssertTyped(await child.AskAsync($"{end} {use} {Rounds}"));
                }
            }
        }
        else
        {
            AssertTyped(await child.AskAsync($"{end} {string.Join(',', Uses)} {Rounds}"));
        }

        child.CloseInput();
        Assert.Equal(0, await child.EndAsync());
    }

    private static void AssertTyped(string answer)
    {
        var parts = answer.Split("; ");
        Assert.All(parts[..^1], use => Assert.All(
            use[(use.IndexOf(':', StringComparison.Ordinal) + 2)..].Split(' '),
            outcome => Assert.True(
                Typed.Contains(outcome) || typeof(ZeroCopyException).Assembly.GetType($"ZeroCopy.Errors.{outcome}") is not null,
                $"{use}: {outcome}")));
        Assert.Equal("mappings: 0", parts[^1]);
    }
}
