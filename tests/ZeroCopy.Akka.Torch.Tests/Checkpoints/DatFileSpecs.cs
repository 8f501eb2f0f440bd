using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Checkpoints;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Checkpoints;

public sealed class DatFileSpecs
{
    [Fact]
    public void DatFile_should_read_what_TorchSharp_saves()
    {
        using var directory = new TemporaryDirectory();
        using var model = Sequential(("a", Linear(300, 2)), ("norm", BatchNorm1d(2)));
        model.save(directory.File("model.dat"));
        using var file = File.OpenHandle(directory.File("model.dat"));

        var tensors = DatFile.Read(file, "model.dat");

        var state = model.state_dict();
        Assert.Equal(state.Keys, tensors.Select(tensor => tensor.Name));
        Assert.All(tensors, tensor =>
        {
            var bytes = new byte[tensor.Layout.ByteLength];
            tensor.Read(0, bytes);
            Assert.Equal(state[tensor.Name].shape, tensor.Layout.Shape);
            Assert.Equal(state[tensor.Name].bytes.ToArray(), bytes);
        });
    }

    [Fact]
    public void DatFile_should_refuse_a_file_when_it_is_cut_anywhere_or_has_a_tail()
    {
        using var directory = new TemporaryDirectory();
        using var model = Linear(3, 2);
        model.save(directory.File("model.dat"));
        var good = File.ReadAllBytes(directory.File("model.dat"));
        for (var length = 0; length < good.Length; length++)
        {
            Refused(directory, good[..length]);
        }

        Refused(directory, [.. good, 0]);
    }

    [Fact]
    public void DatFile_should_read_elements_of_a_type_that_TorchSharp_has_no_name_for()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("float8.dat"), [1, 1, (byte)'w', 24, 1, 3, 0x38, 0x40, 0x44]);
        using var file = File.OpenHandle(directory.File("float8.dat"));

        var tensor = Assert.Single(DatFile.Read(file, "float8.dat"));

        Assert.Equal(new TensorLayout(DType.Float8E4M3, [3L]), tensor.Layout);
    }

    private static InvalidModelException Refused(TemporaryDirectory directory, byte[] bytes)
    {
        File.WriteAllBytes(directory.File("bad.dat"), bytes);
        using var file = File.OpenHandle(directory.File("bad.dat"));
        return Assert.Throws<InvalidModelException>(() => DatFile.Read(file, "bad.dat"));
    }
}
