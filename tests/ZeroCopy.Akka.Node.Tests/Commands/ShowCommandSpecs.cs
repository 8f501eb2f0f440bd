using System.Text.Json;
using ZeroCopy.Node.Tests.Cli;
using ZeroCopy.Safetensors;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Commands;

public sealed class ShowCommandSpecs : IDisposable
{
    private readonly LocalZerocopy _zerocopy = new();

    public void Dispose() => _zerocopy.Dispose();

    [Fact]
    public void Show_should_print_how_a_script_is_called()
    {
        ScriptText.Save(
            _zerocopy.File("script.pt"),
            $"""
              def forward(self: {ScriptText.Self},
                x: Tensor,
                scale: float=1.) -> Tuple[Tensor, int]:
                return (x, 1)
              def twice(self: {ScriptText.Self},
                x: Tensor) -> Tensor:
                return torch.mul(x, 2)
            """);
        _zerocopy.Run("put", _zerocopy.File("script.pt"), "--name", "script").Succeeded();

        var text = _zerocopy.Run("show", "script").Succeeded().Output;
        var signature = _zerocopy.Run("show", "script", "--json").Succeeded().Json().GetProperty("signature");

        Assert.Contains(
            "forward(x: Tensor, scale: float (optional)) -> (output_0: Tensor, output_1: int I64[])\n", text, StringComparison.Ordinal);
        Assert.Contains("twice(x: Tensor) -> (output: Tensor), rows", text, StringComparison.Ordinal);
        Assert.Equal(
            """
            {"default":"forward","methods":[
            {"name":"forward","inputs":[
            {"name":"x","type":"Tensor","dtype":null,"shape":null,"optional":false},
            {"name":"scale","type":"float","dtype":null,"shape":null,"optional":true}],"outputs":[
            {"name":"output_0","type":"Tensor","dtype":null,"shape":null,"optional":false},
            {"name":"output_1","type":"int","dtype":"I64","shape":[],"optional":false}],"batchable":false},
            {"name":"twice","inputs":[
            {"name":"x","type":"Tensor","dtype":null,"shape":null,"optional":false}],"outputs":[
            {"name":"output","type":"Tensor","dtype":null,"shape":null,"optional":false}],"batchable":true}]}
            """.Replace("\n", "", StringComparison.Ordinal),
            JsonSerializer.Serialize(signature));
    }

    [Fact]
    public void Show_should_say_why_it_does_not_know_how_a_model_is_called()
    {
        var file = _zerocopy.File("weights.safetensors");
        SafetensorsWriter.Write(file, [KeyValuePair.Create("w", HostTensor.From<float>(DType.Float32, [1]))]);
        _zerocopy.Run("put", file, "--name", "weights").Succeeded();

        Assert.Contains("method   unknown: ", _zerocopy.Run("show", "weights").Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(
            JsonValueKind.Null, _zerocopy.Run("show", "weights", "--json").Succeeded().Json().GetProperty("signature").ValueKind);
    }
}
