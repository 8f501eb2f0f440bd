using System.Text;
using ZeroCopy.Errors;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;
using ZeroCopy.Torch.Script.Skeletons;
using static TorchSharp.torch;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>Archives that are whole, and made to end the process that libtorch runs in: each ended it before it was checked.</summary>
public sealed class HostileScriptSpecs : IDisposable
{
    private const string Module = "code/__torch__.py";
    private const string LastLine = "    return _1";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ScriptSkeleton_should_refuse_a_constant_that_is_larger_than_its_record() => Refuses(
        "frozen", file => Replace(file, "constants.pkl", "K\x1btQ", "K\xfftQ"), "does not fit its record constants/0 of 108 bytes");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_constant_that_begins_behind_its_record() => Refuses(
        "frozen", file => Replace(file, "constants.pkl", "Qq\x05K\0", "Qq\x05K\x7f"), "does not fit its record constants/0");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_tensor_whose_bytes_are_more_than_a_number_holds() => Refuses(
        "conjugates",
        file => Replace(
            file,
            "data.pkl",
            "(K\x02t(K\x01t\x89h\x08",
            "(J\0\0\0\x40J\0\0\0\x40J\0\0\0\x40t(K\0K\0K\0t\x89h\x08"),
        "does not fit its record data/0");

    [Theory]
    [InlineData("K\x10tQ", "K\xfftQ")]
    [InlineData("(K\x04K\x04t", "(K\xffK\x04t")]
    public void ScriptSkeleton_should_refuse_a_quantized_tensor_that_is_larger_than_its_record(string good, string bad) =>
        Refuses("quantized", file => Replace(file, "data.pkl", good, bad), "does not fit its record data/0 of 16 bytes");

    [Theory]
    [InlineData(0, 2L)]
    [InlineData(8, -1L)]
    [InlineData(16, 3L)]
    public void ScriptSkeleton_should_refuse_a_sparse_tensor_with_an_index_outside_of_it(int at, long index) => Refuses(
        "sparse",
        file =>
        {
            var record = Enumerable.Range(0, 9).Select(number => $"data/{number}")
                .First(name => file.Has(name) && file.Read(name).Length == 4 * sizeof(long));
            var indices = file.Read(record);
            BitConverter.GetBytes(index).CopyTo(indices, at);
            file.Write(record, indices);
        },
        "tensor 'mask' is sparse, and has indices or values that do not fit [2, 3]");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_sparse_tensor_with_more_indices_than_are_there() => Refuses(
        "sparse",
        file =>
        {
            Replace(file, "data.pkl", "(K\x02K\x02t(K\x02K\x01t", "(K\x02J\xff\xff\xff\x0ft(K\0K\0t");
            Replace(file, "data.pkl", "(K\x02t(K\x01t", "(J\xff\xff\xff\x0ft(K\0t");
        },
        "tensor 'mask' is sparse, and has indices or values that do not fit [2, 3]");

    [Theory]
    [InlineData("(K\x02K\x01t\x88h\x09", "(K\x02K\x01tq\x80\x88h\x09")]
    [InlineData("K\x04tQq\x14", "K\x04tq\x80Qq\x14")]
    [InlineData("\x88h\x09)RtRq\x15", "\x88h\x09)Rtq\x80Rq\x15")]
    public void ScriptSkeleton_should_refuse_numbers_of_a_tensor_that_others_may_have_too(string good, string bad) =>
        Refuses("sparse", file => Replace(file, "data.pkl", good, bad), "corrupt");

    [Fact]
    public void ScriptSkeleton_should_refuse_values_that_stand_in_each_other_again_and_again() => Refuses(
        "no_parameters",
        file => Replace(
            file,
            "data.pkl",
            "X\x08\0\0\0training",
            "X\x04\0\0\0moreK\x01\x85"
            + string.Concat(Enumerable.Range(0x80, 23).Select(place => $"q{(char)place}h{(char)place}\x86")) + "X\x08\0\0\0training"),
        "values");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_pickle_of_millions_of_values() => Refuses(
        "no_parameters",
        file => file.Write(
            "data.pkl", [0x80, 2, (byte)'(', .. Enumerable.Repeat((byte)'N', (int)PickleReader.MaxValues + 1), (byte)'t', (byte)'.']),
        $"more than {PickleReader.MaxValues} values");

    [Fact]
    public void ScriptSkeleton_should_take_records_for_debuggers_that_name_each_line_with_each_range()
    {
        // One list of lines, which each of the ranges names.
        var lines = Enumerable.Repeat((byte)'N', 4000);
        var ranges = Enumerable.Repeat(new byte[] { (byte)'h', 0x80 }, 5000).SelectMany(bytes => bytes);
        using var archive = ScriptArchive.Open(Changed("no_parameters", file => file.Write(
            "code/__torch__.py.debug_pkl",
            [0x80, 2, (byte)'(', (byte)']', (byte)'q', 0x80, (byte)'(', .. lines, (byte)'e', .. ranges, (byte)'t', (byte)'.'])));

        Assert.NotNull(ScriptSkeleton.Create(archive));
    }

    [Theory]
    [InlineData("data.pkl")]
    [InlineData(Module)]
    public void ScriptSkeleton_should_refuse_code_and_values_that_are_too_long_to_read(string record) => Refuses(
        "no_parameters", file => file.Write(record, new byte[(64 << 20) + 1]), "at most 67108864 are read");

    [Fact]
    public void ScriptSkeleton_should_leave_conjugates_out_that_take_more_than_the_archive()
    {
        using var archive = ScriptArchive.Open(Changed(
            "conjugates", file => Replace(file, "data.pkl", "(K\x02t(K\x01t\x89h\x08", "(J\x01\0\0\x04t(K\0t\x89h\x08")));

        var skeleton = ScriptSkeleton.Create(archive);

        Assert.True(skeleton.Archive.Layout.ByteLength < 1 << 20, $"{skeleton.Archive.Layout}");
        Assert.DoesNotContain(skeleton.SkeletonTensors, tensor => tensor.Name == "wc");
    }

    [Fact]
    public void ScriptSkeleton_should_read_thousands_of_signatures_that_do_not_end() => Create(Changed(
        "no_parameters",
        file => Code(file, LastLine + "\n" + string.Concat(Enumerable.Range(0, 5000).Select(i => $"  def f{i}(self)\n")))));

    [Fact]
    public void ScriptSkeleton_should_refuse_elements_of_an_unknown_type() => Refuses(
        "quantized", file => Replace(file, "data.pkl", "torch\nQInt8Storage", "torch\nQInt9Storage"), "unknown type QInt9Storage");

    [Theory]
    [InlineData("data.pkl")]
    [InlineData("constants.pkl")]
    [InlineData("code/__torch__.py.debug_pkl")]
    public void ScriptSkeleton_should_refuse_values_that_are_nested_deeply(string record) => Refuses(
        "no_parameters",
        file => file.Write(record, [0x80, 2, (byte)'N', .. Enumerable.Repeat((byte)0x85, 300_000), (byte)'.']),
        "nested in more than 500 levels");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_value_that_contains_itself() => Refuses(
        "no_parameters", file => file.Write("data.pkl", Encoding.Latin1.GetBytes("\x80\x02]q\x01h\x01" + "a.")), "in a circle");

    [Theory]
    [InlineData("K\0Nb", "corrupt")]
    [InlineData("c__torch__\nA\n)\x81q\x80Nb", "corrupt")]
    [InlineData("c__torch__\nA\n)\x81NbNb", "corrupt")]
    [InlineData("ctorch._utils\n_rebuild_tensor_v2\n)\x81Nb", "corrupt")]
    [InlineData("cos\nsystem\n)R", "os.system")]
    [InlineData("Nr\xff\xff\xff\x7f", "corrupt")]
    [InlineData("K\x01q\x20", "corrupt")]
    [InlineData("\x88q\x20", "corrupt")]
    public void ScriptSkeleton_should_refuse_a_value_that_libtorch_would_read_otherwise(string value, string reason) => Refuses(
        "no_parameters",
        file => Replace(file, "data.pkl", "training" + Memo(file, "training"), "training" + Memo(file, "training") + value + "0"),
        reason);

    [Fact]
    public void ScriptSkeleton_should_refuse_a_tensor_of_more_dimensions_than_any_has() => Refuses(
        "conjugates",
        file => Replace(
            file, "data.pkl", "(K\x02t(K\x01t\x89h\x08", $"({Repeat("K\x01", 65)}t({Repeat("K\x01", 65)}t\x89h\x08"),
        "a tensor has 65 dimensions; at most 64 are read");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_tensor_with_more_flags_than_any_has() => Refuses(
        "conjugates",
        file => Replace(
            file,
            "data.pkl",
            "q\x0c\x88u",
            $"q\x0c\x88{string.Concat(Enumerable.Range(10, 16).Select(i => $"U\x02{i}\x88"))}u"),
        "a tensor has 17 flags; at most 16 are read");

    [Fact]
    public void ScriptSkeleton_should_read_a_text_of_a_hundred_thousand_parts() => Create(Changed(
        "no_parameters", file => Code(file, $"    _2 = {Repeat("\"abcdefgh\"", 100_000)}\n{LastLine}")));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("x + ", "")]
    [InlineData("x if True else ", "")]
    [InlineData("1or ", "")]
    [InlineData("0x1.8p3jor ", "")]
    [InlineData("x + \\\n", "")]
    [InlineData("# type: ((", "")]
    [InlineData("\"'\"((", ")) # '\"")]
    public void ScriptSkeleton_should_refuse_code_whose_expressions_are_nested_deeply(string before, string after) => Refuses(
        "no_parameters", file => Code(file, $"    return {Repeat(before)}_1{Repeat(after)}"), "nested in more than 250 levels");

    [Theory]
    [InlineData(' ')]
    [InlineData('\r')]
    public void ScriptSkeleton_should_refuse_code_whose_blocks_are_nested_deeply(char blank) => Refuses(
        "no_parameters",
        file => Code(
            file,
            string.Concat(Enumerable.Range(2, 5000).Select(depth => $"{new string(blank, 2 * depth)}if True:\n"))
            + new string(blank, 10_004) + "pass\n" + LastLine),
        "nested in more than 500 levels");

    [Fact]
    public void ScriptSkeleton_should_refuse_code_with_a_chain_of_branches() => Refuses(
        "no_parameters",
        file => Code(file, "    if True:\n      pass\n" + Repeat("    elif True:\n      pass\n") + LastLine),
        "nested in more than 500 levels");

    [Fact]
    public void ScriptSkeleton_should_refuse_a_type_that_is_nested_deeply() => Refuses(
        "no_parameters",
        file => Replace(file, Module, ") -> Tensor", $",\n    q: {Repeat("List[")}int{Repeat("]")}) -> Tensor"),
        "nested in more than 250 levels");

    [Theory]
    [InlineData("T15", "named tuples")]
    [InlineData("Own", "nested in more than 250 levels")]
    [InlineData("Deep900", "nested in more than 250 levels")]
    public void ScriptSkeleton_should_refuse_named_tuples_that_are_more_than_they_seem(string type, string reason) => Refuses(
        "no_parameters",
        file =>
        {
            var tuples = Enumerable.Range(1, 15).Select(i => NamedTuple($"T{i}", $"__torch__.T{i - 1}", $"__torch__.T{i - 1}"));
            var deep = Enumerable.Range(1, 900).Select(
                i => NamedTuple($"Deep{i}", $"{Repeat("List[", 240)}__torch__.Deep{i - 1}{Repeat("]", 240)}"));
            string[] all =
                [NamedTuple("T0", "int"), .. tuples, NamedTuple("Own", "__torch__.Own"), NamedTuple("Deep0", "int"), .. deep];
            Replace(file, Module, "class ", $"{string.Concat(all)}class ");
            Code(file, $"{LastLine}\n  def more(self,\n    t: __torch__.{type}) -> int:\n    return 1");
        },
        reason);

    [Fact]
    public void ScriptSkeleton_should_refuse_a_text_without_an_end() => Refuses(
        "no_parameters", file => Code(file, "    _2 = \"one\n" + LastLine), "a text without an end");

    [Fact]
    public void ScriptSkeleton_should_refuse_numbers_of_the_other_byte_order() => Refuses(
        "no_parameters", file => file.Add("byteorder", "big"u8.ToArray()), "little-endian");

    [Theory]
    [InlineData("    return (self).forward(x, )", "called recursively")]
    [InlineData("    return ops.torchvision.nms(x, x, 0.5)", "torchvision::nms")]
    [InlineData("    return ((", "expected")]
    [InlineData("    return self.nothing", "nothing")]
    public async Task Put_should_say_what_libtorch_cannot_compile(string code, string reason) =>
        Assert.Contains(reason, (await Putting("no_parameters", file => Code(file, code))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Put_should_say_that_an_attribute_is_missing() => Assert.Contains(
        "at()",
        (await Putting(
            "no_parameters", file => Replace(file, Module, "  training : bool\n", "  training : bool\n  other : Tensor\n"))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Put_should_say_that_a_module_is_none() => await Putting(
        "traced",
        file => Replace(
            file, "data.pkl", "__torch__.torch.nn.modules.rnn.___torch_mangle_6\nGRU\n", "__torch__.___torch_mangle_7\nRecurrent\n"));

    [Fact]
    public async Task Put_should_say_that_PyTorch_lost_weights_of_a_script() => Assert.Contains(
        "optimize_for_inference",
        (await Putting("no_parameters", file => Code(file, "    return torch.add(x, ops.prim.ConstantMKLDNNTensor())"))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Put_should_name_both_versions_when_a_script_calls_an_operator_of_a_newer_PyTorch()
    {
        var message = (await Putting("no_parameters", file => Code(file, "    return torch.not_yet_made(x, 1)"))).Message;

        Assert.Contains("aten::not_yet_made", message, StringComparison.Ordinal);
        Assert.Matches(@"libtorch \d+\.\d+", message);
        Assert.Contains("format 3", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_should_take_a_script_whose_branches_call_operators_of_a_newer_PyTorch()
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        using var runtime = new TorchRuntime(store);
        const string Branches = "    if torch.gt(torch.numel(x), 2):\n      _2 = torch.not_yet_made(x, \")\", [1, (2)])\n"
            + "    else:\n      _2 = x\n    return _2";
        using var instance = await runtime.OpenAny(
            await runtime.PutFileAsync(Changed("no_parameters", file => Code(file, Branches)))).RentAsync();

        using var two = (Tensor)ScriptFixture.Call(instance, "forward", ones(2))!;
        Assert.Equal(2, two.numel());
        var raised = Assert.Throws<InferenceException>(() => ScriptFixture.Call(instance, "forward", ones(3)));
        Assert.Contains("aten::not_yet_made", raised.Message, StringComparison.Ordinal);
    }

    private static string Repeat(string text, int times = 2000) => string.Concat(Enumerable.Repeat(text, times));

    private static string NamedTuple(string name, params string[] fields) =>
        $"class {name}(NamedTuple):\n{string.Concat(fields.Select((type, index) => $"  f{index} : {type}\n"))}";

    private static string Memo(ScriptFile file, string name)
    {
        var pickle = Encoding.Latin1.GetString(file.Read("data.pkl"));
        var at = pickle.IndexOf(name, StringComparison.Ordinal) + name.Length;
        return pickle[at..(at + 2)];
    }

    private static void Code(ScriptFile file, string lastLine) => Replace(file, Module, LastLine, lastLine);

    private static void Replace(ScriptFile file, string record, string good, string bad)
    {
        var text = Encoding.Latin1.GetString(file.Read(record));
        Assert.Contains(good, text, StringComparison.Ordinal);
        var at = text.IndexOf(good, StringComparison.Ordinal);
        file.Write(record, Encoding.Latin1.GetBytes(text[..at] + bad + text[(at + good.Length)..]));
    }

    private string Changed(string name, Action<ScriptFile> change)
    {
        var file = new ScriptFile(ScriptExample.Path($"{name}.pt"));
        change(file);
        file.Save(_directory.File("bad.pt"));
        return _directory.File("bad.pt");
    }

    private void Refuses(string name, Action<ScriptFile> change, string reason)
    {
        Create(Changed(name, _ => { }));
        var refused = Assert.Throws<InvalidModelException>(() => Create(Changed(name, change)));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains("bad.pt", refused.Message, StringComparison.Ordinal);
    }

    private static void Create(string path)
    {
        using var archive = ScriptArchive.Open(path);
        ScriptSkeleton.Create(archive);
    }

    private async Task<InvalidModelException> Putting(string name, Action<ScriptFile> change)
    {
        using var store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        using var runtime = new TorchRuntime(store);
        var refused = await Assert.ThrowsAsync<InvalidModelException>(() => runtime.PutFileAsync(Changed(name, change)));
        Assert.Empty(store.List());
        return refused;
    }
}
