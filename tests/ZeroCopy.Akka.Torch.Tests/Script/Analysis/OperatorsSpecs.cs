using System.Text;
using System.Text.RegularExpressions;
using ZeroCopy.Torch.Script.Analysis;

namespace ZeroCopy.Torch.Tests.Script.Analysis;

/// <summary>What is known of operators, against the declarations in libtorch, which say what is written to and what is a view.</summary>
public sealed partial class OperatorsSpecs
{
    // Of other libraries of PyTorch, whose declarations stand in the same file without their namespace.
    private static readonly HashSet<string> OfOthers =
    [
        "multimem_all_reduce_", "multimem_one_shot_all_reduce_out", "nvshmem_get", "nvshmem_put", "nvshmem_broadcast", "nvshmem_all_to_all",
        "all_to_all_vdev", "all_to_all_vdev_2d", "all_to_all_vdev_2d_offset", "_amp_foreach_non_finite_check_and_unscale",
        "_amp_update_scale", "_fused_adagrad", "_fused_adam", "_fused_adamw", "_fused_sgd",
    ];

    private static readonly List<(string Space, string Name, string Arguments, string Answer)> Declarations = Read();

    private static ReadOnlySpan<byte> Arrow => ") -> "u8;

    [Fact]
    public void Operators_should_know_every_argument_that_libtorch_writes_to()
    {
        Assert.True(Declarations.Count > 4000);
        var unknown = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (space, name, arguments, _) in Declarations)
        {
            var positional = arguments.Split("*,")[0];
            var kind = Operators.KindOf(space, name);
            if (!Written().IsMatch(positional) || OfOthers.Contains(name) || kind == OperatorKind.Opaque)
            {
                continue;
            }

            var writes = Operators.Writes(space, name, Enumerable.Repeat(AbstractValue.Unknown(ObjectSet.Of(1)), 8).ToList());
            var places = Parts(positional).Index().Where(item => Written().IsMatch(item.Item)).Select(item => item.Index);
            foreach (var place in places.Where(place => !writes.Contains(place) && !writes.Contains(Operators.All)))
            {
                unknown.Add($"{space}::{name}({positional}), argument {place}");
            }
        }

        Assert.Empty(unknown);
    }

    [Fact]
    public void Operators_should_take_no_answer_for_new_that_libtorch_calls_a_view()
    {
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (space, name, arguments, answer) in Declarations)
        {
            // An answer that is what was written to is seen by that.
            if (Alias().IsMatch(answer) && !answer.Contains('!') && arguments.Contains("Tensor(", StringComparison.Ordinal)
                && Operators.KindOf(space, name) == OperatorKind.Fresh)
            {
                wrong.Add($"{space}::{name}({arguments}) -> {answer}");
            }
        }

        Assert.Empty(wrong);
    }

    private static List<(string Space, string Name, string Arguments, string Answer)> Read()
    {
        var library = Directory.EnumerateFiles(AppContext.BaseDirectory, "libtorch_cpu.so", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(AppContext.BaseDirectory, "torch_cpu.dll", SearchOption.AllDirectories)).First();
        var declarations = new List<(string Space, string Name, string Arguments, string Answer)>();
        using var file = File.OpenRead(library);
        var buffer = new byte[64 << 20];
        var kept = 0;
        for (var read = file.Read(buffer); read > 0; read = file.Read(buffer, kept, buffer.Length - kept))
        {
            var bytes = buffer.AsSpan(0, kept + read);
            for (var at = bytes.IndexOf(Arrow); at >= 0;)
            {
                // The characters around it, up to what is none on both sides.
                var start = bytes[..at].LastIndexOfAnyExceptInRange((byte)32, (byte)126) + 1;
                var length = bytes[at..].IndexOfAnyExceptInRange((byte)32, (byte)126);
                var end = length < 0 ? bytes.Length : at + length;
                if (Declaration().Match(Encoding.ASCII.GetString(bytes[start..end])) is { Success: true } match)
                {
                    var space = match.Groups[1].Success ? match.Groups[1].Value : "aten";
                    declarations.Add((space, match.Groups[2].Value, match.Groups[3].Value, match.Groups[4].Value));
                }

                var next = bytes[end..].IndexOf(Arrow);
                at = next < 0 ? -1 : end + next;
            }

            // One may stand across the end of the piece; those seen twice do no harm.
            kept = Math.Min(4096, bytes.Length);
            bytes[^kept..].CopyTo(buffer);
        }

        return declarations;
    }

    private static List<string> Parts(string arguments)
    {
        var parts = new List<string>();
        var (depth, start) = (0, 0);
        for (var i = 0; i < arguments.Length; i++)
        {
            depth += arguments[i] is '(' or '[' ? 1 : arguments[i] is ')' or ']' ? -1 : 0;
            if (depth == 0 && arguments[i] == ',')
            {
                parts.Add(arguments[start..i]);
                start = i + 1;
            }
        }

        parts.Add(arguments[start..]);
        return parts;
    }

    [GeneratedRegex(
        """^(?:(aten|prim|quantized|_quantized|prepacked|mkldnn|mkldnn_prepacked|onednn|sparse)::)?(\w+)(?:\.\w+)?\((.*)\) ?-> (.*)$""")]
    private static partial Regex Declaration();

    [GeneratedRegex("""\([a-z][^)]*!""")]
    private static partial Regex Written();

    [GeneratedRegex("""\([a-z]""")]
    private static partial Regex Alias();
}
