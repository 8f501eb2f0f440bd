using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Scripts;

/// <summary>
/// Writes a TorchScript file without Python, as <c>torch.jit.save</c> does for a traced module: a class and a source file for each module.
/// Float32 parameters only. Source: torch/csrc/jit/serialization in PyTorch.
/// </summary>
internal sealed class TracedArchive
{
    private const string Root = "traced";
    private readonly Dictionary<TracedModule, string> _namespaces = new(ReferenceEqualityComparer.Instance);
    private readonly List<Tensor> _storages = [];
    private readonly MemoryStream _pickle = new();

    public static void Write(string path, TracedModule module)
    {
        var archive = new TracedArchive();
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        archive.AddCode(zip, module);
        archive._pickle.Write([0x80, 2]);
        archive.Object(module);
        archive._pickle.WriteByte((byte)'.');
        Add(zip, "data.pkl", archive._pickle.ToArray());
        // An empty tuple.
        Add(zip, "constants.pkl", [0x80, 2, (byte)')', (byte)'.']);
        Add(zip, "version", "3\n"u8);
        foreach (var (index, storage) in archive._storages.Index())
        {
            using var dense = storage.contiguous();
            Add(zip, $"data/{index}", dense.bytes);
        }
    }

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        using var stream = zip.CreateEntry($"{Root}/{name}", CompressionLevel.NoCompression).Open();
        stream.Write(content);
    }

    private string TypeOf(TracedModule module) => $"{_namespaces[module]}.{module.Class}";

    private void AddCode(ZipArchive zip, TracedModule module)
    {
        foreach (var (_, child) in module.Children)
        {
            AddCode(zip, child);
        }

        var space = $"___torch_mangle_{_namespaces.Count}";
        _namespaces[module] = $"__torch__.bert.{space}";
        Add(zip, $"code/__torch__/bert/{space}.py", Encoding.UTF8.GetBytes(module.Source(TypeOf)));
    }

    private void Object(TracedModule module)
    {
        Global(_namespaces[module], module.Class);
        Write([(byte)')', 0x81, (byte)'}', (byte)'(']);
        foreach (var (name, parameter) in module.Parameters)
        {
            Text(name);
            Parameter(parameter);
        }

        Text("training");
        Write([0x89]);
        foreach (var (name, child) in module.Children)
        {
            Text(name);
            Object(child);
        }

        Write("ub"u8);
    }

    private void Parameter(Tensor value)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Write("(("u8);
        Text("storage");
        Global("torch", "FloatStorage");
        Text($"{_storages.Count}");
        Text("cpu");
        Integer(value.numel());
        Write("tQ"u8);
        Integer(0);
        Sizes(value.shape);
        var steps = new long[value.shape.Length];
        for (var (i, step) = (steps.Length - 1, 1L); i >= 0; step *= value.shape[i--])
        {
            steps[i] = step;
        }

        Sizes(steps);
        Write([0x89]);
        Global("collections", "OrderedDict");
        Write(")RtR"u8);
        _storages.Add(value);
    }

    private void Sizes(long[] values)
    {
        Write("("u8);
        Array.ForEach(values, Integer);
        Write("t"u8);
    }

    private void Integer(long value)
    {
        Span<byte> bytes = stackalloc byte[5];
        bytes[0] = (byte)'J';
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], checked((int)value));
        _pickle.Write(bytes);
    }

    private void Text(string value)
    {
        var text = Encoding.UTF8.GetBytes(value);
        Span<byte> length = stackalloc byte[5];
        length[0] = (byte)'X';
        BinaryPrimitives.WriteInt32LittleEndian(length[1..], text.Length);
        _pickle.Write(length);
        _pickle.Write(text);
    }

    private void Global(string space, string name) => Write(Encoding.UTF8.GetBytes($"c{space}\n{name}\n"));

    private void Write(ReadOnlySpan<byte> bytes) => _pickle.Write(bytes);
}
