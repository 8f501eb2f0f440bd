using System.Text;
using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>What the store has of a script's state, against what libtorch has of it.</summary>
public sealed class ScriptStateSpecs : RuntimeSpec
{
    // State that a .safetensors file cannot hold, and the word that says so.
    private static readonly Dictionary<string, string> Refused = new()
    {
        ["complex_double"] = "Complex128",
        ["own_state"] = "weight: it is made by a __setstate__",
        ["sparse"] = "mask: it is sparse",
    };

    public static TheoryData<string> Names => [.. ScriptExample.Names];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task ScriptModel_should_list_the_state_dictionary_of_the_script_that_was_put(string name)
    {
        var script = torch.jit.load(ScriptExample.Path($"{name}.pt"));
        var handle = await Runtime.PutFileAsync(ScriptExample.Path($"{name}.pt"));

        var loaded = ((ScriptModel)Runtime.OpenAny(handle)).Materialise(typeof(torch.jit.ScriptModule));

        var (expected, actual) = (Described(script), Described(loaded));
        ModuleDisposal.Release(loaded);
        ModuleDisposal.Release(script);
        Assert.Equal(expected, actual);

        static List<string> Described(torch.nn.Module module) =>
        [
            .. module.state_dict().Select(state => $"{state.Key} {state.Value is TorchSharp.Modules.Parameter} {state.Value.dtype} "
                + string.Join(',', state.Value.shape)).Order(StringComparer.Ordinal),
        ];
    }

    public static TheoryData<string> Examples => [.. ScriptExample.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Export_should_have_the_whole_state_of_a_script_or_say_why_not(string name)
    {
        using var scope = torch.NewDisposeScope();
        var handle = await Runtime.PutFileAsync(ScriptExample.Path($"{name}.pt"));
        if (Refused.TryGetValue(name, out var reason))
        {
            Assert.Contains(reason, Assert.Throws<InvalidModelException>(() => Export(handle)).Message, StringComparison.Ordinal);
            return;
        }

        Export(handle);
        using var file = SafetensorsFile.Open(File("out.safetensors"));
        var exported = file.Tensors.SelectMany(tensor => tensor.Aliases.Prepend(tensor.Name), (tensor, alias) => (alias, tensor))
            .ToDictionary(pair => pair.alias, pair => pair.tensor);
        var expected = Expected(name);

        Assert.Equal(expected.Keys.Order(), exported.Keys.Order());
        foreach (var (key, value) in expected)
        {
            Assert.Equal((key, value.Layout), (key, exported[key].Layout));
            var bytes = new byte[value.Data.Length];
            exported[key].Read(0, bytes);
            Assert.Equal(value.Data.ToArray(), bytes);
        }
    }

    [Theory]
    [InlineData("views")]
    [InlineData("strides")]
    [InlineData("conjugates")]
    public async Task OpenState_should_have_the_state_of_a_script(string name)
    {
        using var scope = torch.NewDisposeScope();
        var state = Runtime.OpenState(await Runtime.PutFileAsync(ScriptExample.Path($"{name}.pt")));

        foreach (var (key, value) in Expected(name))
        {
            Assert.Equal(value.Data.ToArray(), state[key].ToHost().Data.ToArray());
        }

        foreach (var tensor in state.Values.Distinct(ReferenceEqualityComparer.Instance).Cast<torch.Tensor>())
        {
            tensor.Dispose();
        }
    }

    [Theory]
    [InlineData("Float8_e4m3fnStorage", DType.Float8E4M3)]
    [InlineData("Float8_e5m2Storage", DType.Float8E5M2)]
    public async Task Export_should_have_types_that_TorchSharp_has_no_name_for(string storage, DType dtype)
    {
        var script = new ScriptFile(ScriptExample.Path("half.pt"));
        script.Write("data.pkl", Encoding.Latin1.GetBytes(
            Encoding.Latin1.GetString(script.Read("data.pkl")).Replace("HalfStorage", storage, StringComparison.Ordinal)));
        script.Save(File("odd.pt"));
        using var archive = ZeroCopy.Torch.Script.Archives.ScriptArchive.Open(File("odd.pt"));
        var record = archive.Read(archive.Find("data/0")!);

        var handle = await Runtime.PutFileAsync(File("odd.pt"));
        Export(handle);

        using var instance = await Runtime.OpenAny(handle).RentAsync();
        using var file = SafetensorsFile.Open(File("out.safetensors"));
        Assert.All(file.Tensors, tensor => Assert.Equal(dtype, tensor.Layout.DType));
        var bytes = new byte[file.Tensors.First(tensor => tensor.Name == Store.ReadManifest(handle.Id).Tensors[0].Name).Layout.ByteLength];
        file.Tensors.First(tensor => tensor.Name == Store.ReadManifest(handle.Id).Tensors[0].Name).Read(0, bytes);
        Assert.Equal(record[..bytes.Length], bytes);
    }

    [Fact]
    public async Task Script_should_have_a_lazy_negative_as_its_values()
    {
        var handle = await PutConjugates(
            pickle => pickle.Replace("X\x04\0\0\0conj", "X\x03\0\0\0neg", StringComparison.Ordinal), code => code);

        using var instance = await Runtime.OpenAny(handle).RentAsync();
        Assert.Equal("2 4 3 4 -2 -4 -3 -4", await Numbers(handle));
        Assert.Equal([-1, -2, -3, -4], Exported(handle, "wc"));
    }

    [Fact]
    public async Task Script_should_show_in_a_lazy_conjugate_what_its_code_writes_to_the_tensor()
    {
        var handle = await PutConjugates(
            pickle => pickle, code => code.Replace("    w = s.w\n", "    w = s.w\n    _2 = torch.add_(w, 1)\n", StringComparison.Ordinal));

        Assert.Equal("4 4 4 4 4 -4 4 -4", await Numbers(handle));
        Assert.Equal([1, 2, 3, 4], Exported(handle, "w"));
        Assert.Equal([1, -2, 3, -4], Exported(handle, "wc"));
    }

    private async Task<ModelHandle> PutConjugates(Func<string, string> pickle, Func<string, string> code)
    {
        var script = new ScriptFile(ScriptExample.Path("conjugates.pt"));
        foreach (var (record, change) in new[] { ("data.pkl", pickle), ("code/__torch__/___torch_mangle_56.py", code) })
        {
            script.Write(record, Encoding.Latin1.GetBytes(change(Encoding.Latin1.GetString(script.Read(record)))));
        }

        script.Save(File("changed.pt"));
        return await Runtime.PutFileAsync(File("changed.pt"));
    }

    // The answer to (2, 1).
    private async Task<string> Numbers(ModelHandle handle)
    {
        using var scope = torch.NewDisposeScope();
        using var instance = await Runtime.OpenAny(handle).RentAsync();
        var (left, right) = ((torch.Tensor, torch.Tensor))ScriptFixture.Call(instance, "forward", torch.tensor([2f, 1f]))!;
        return string.Join(' ', left.data<float>().Concat(right.data<float>()));
    }

    private float[] Exported(ModelHandle handle, string name)
    {
        Export(handle);
        using var file = SafetensorsFile.Open(File("out.safetensors"));
        var tensor = file.Tensors.Single(tensor => tensor.Name == name);
        var bytes = new byte[tensor.Layout.ByteLength];
        tensor.Read(0, bytes);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    private void Export(ModelHandle handle)
    {
        using var lease = Store.Acquire(handle.Id, "test");
        SafetensorsExporter.Export(lease, File("out.safetensors"));
    }

    private static Dictionary<string, HostTensor> Expected(string name)
    {
        using var module = torch.jit.load(ScriptExample.Path($"{name}.pt"));
        var state = new Dictionary<string, HostTensor>();
        foreach (var (key, tensor) in ((torch.nn.Module)module).named_parameters().Select(item => (item.name, (torch.Tensor)item.parameter))
            .Concat(((torch.nn.Module)module).named_buffers().Select(item => (item.name, item.buffer))))
        {
            state[key] = tensor.ToHost();
        }

        return state;
    }
}
