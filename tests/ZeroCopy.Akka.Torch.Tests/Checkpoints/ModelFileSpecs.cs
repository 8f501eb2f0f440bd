using System.Diagnostics;
using ZeroCopy.Errors;
using ZeroCopy.Safetensors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Checkpoints;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Checkpoints;

public sealed class ModelFileSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("model.pt")]
    [InlineData("model.dat")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    public void ModelFile_should_refuse_a_file_when_it_is_empty(string name)
    {
        File.WriteAllBytes(_directory.File(name), []);

        AssertRefused(name, "the file is empty");
    }

    [SkippableFact]
    public void ModelFile_should_refuse_a_pipe_instead_of_waiting_for_its_writer()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "mkfifo is Linux's.");
        using var mkfifo = Process.Start("mkfifo", [_directory.File("pipe.safetensors")]);
        mkfifo.WaitForExit();

        AssertRefused("pipe.safetensors", "the file is empty");
    }

    [Fact]
    public void ModelFile_should_refuse_weights_when_there_are_none()
    {
        SafetensorsWriter.Write(_directory.File("none.safetensors"), []);
        using var module = ReLU();
        module.save(_directory.File("none.dat"));

        AssertRefused("none.safetensors", "no tensor");
        AssertRefused("none.dat", "no tensor");
    }

    private void AssertRefused(string name, string reason)
    {
        var refused = Assert.Throws<InvalidModelException>(() => ModelFile.Open(_directory.File(name), new ModelCatalog(), default));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }
}
