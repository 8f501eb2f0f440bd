using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;
using ZeroCopy.Client.Tests.Fakes;

namespace ZeroCopy.Client.Tests.SharedMemory;

/// <summary>The client's side of shared memory, with a server of the protocol's words that doubles what it finds there.</summary>
[SupportedOSPlatform("linux")]
public sealed class SharedMemorySpecs : IDisposable
{
    private readonly SharedMemoryRegion _region;
    private readonly Dictionary<string, JsonElement> _requests = [];

    public SharedMemorySpecs()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Shared memory of this kind needs Linux.");
        _region = SharedMemoryRegion.Create(4096);
    }

    public void Dispose() => _region.Dispose();

    [SkippableFact]
    public async Task Client_should_register_a_region_and_leave_tensors_in_it()
    {
        await using var server = await ScriptedServer.StartAsync(AnswerAsync);
        var (input, output) = (_region.Slice(0, 16), _region.Slice(64, 32));
        new[] { 1.5f, 2, 3, 4 }.CopyTo(input.Values<float>());
        var request = new InferRequest("double", InferInput.InSharedMemory("x", Datatype.Float32, input, 2, 2))
        {
            Outputs = [new InferRequestedOutput("y") { SharedMemory = output }],
        };

        await server.Client.RegisterSharedMemoryAsync(_region);
        using var result = await server.Client.InferAsync(request);
        await server.Client.UnregisterSharedMemoryAsync(_region.Name);
        await server.Client.UnregisterSharedMemoryAsync();

        Assert.Equal([3, 4, 6, 8], result["y"].Values<float>().ToArray());
        Assert.Equal([3, 4, 6, 8], output.Values<float>()[..4].ToArray());
        var path = $"/v2/systemsharedmemory/region/{_region.Name}";
        Assert.Equal(
            [$"{path}/register", "/v2/models/double/infer", $"{path}/unregister", "/v2/systemsharedmemory/unregister"], _requests.Keys);
        var registered = _requests[$"{path}/register"];
        Assert.Equal((_region.Key, 0L, 4096L), (
            registered.GetProperty("key").GetString(), registered.GetProperty("offset").GetInt64(),
            registered.GetProperty("byte_size").GetInt64()));
    }

    [SkippableTheory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task Client_should_share_tensors_with_our_server(string transport)
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.Over(transport);
        var (input, output) = (_region.Slice(16, 16), _region.Slice(64, 32));
        new[] { 1.5f, 2, 3, 4 }.CopyTo(input.Values<float>());
        var request = new InferRequest(
            server.Name, InferInput.InSharedMemory("x", Datatype.Float32, input, 4), InferInput.Of("y", new byte[] { 7 }, 1))
        {
            Outputs = [new InferRequestedOutput("x") { SharedMemory = output }, "y"],
        };
        var unknown = await Assert.ThrowsAsync<InferenceServerException>(() => client.InferAsync(request));

        await client.RegisterSharedMemoryAsync(_region);
        var region = Assert.Single(await client.GetSharedMemoryStatusAsync(_region.Name));
        using var result = await client.InferAsync(request);
        await client.UnregisterSharedMemoryAsync();

        Assert.Equal(InferenceError.InvalidRequest, unknown.Error);
        Assert.Equal((_region.Name, _region.Key, 0L, 4096L), (region.Name, region.Key, region.Offset, region.ByteSize));
        Assert.Equal([1.5f, 2, 3, 4], output.Values<float>()[..4].ToArray());
        Assert.Equal([1.5f, 2, 3, 4], result["x"].Values<float>().ToArray());
        Assert.Equal(7, Assert.Single(result["y"].Values<byte>().ToArray()));
        Assert.Empty(await client.GetSharedMemoryStatusAsync());
    }

    [SkippableTheory]
    [InlineData(33)]
    [InlineData(15)]
    public async Task Client_should_refuse_an_answer_of_another_size_than_its_place(int size)
    {
        var json = $$$"""{"shared_memory_region":"{{{_region.Name}}}","shared_memory_byte_size":{{{size}}}}""";
        await using var server = await ScriptedServer.StartAsync(
            200, "application/json", $$"""{"outputs":[{"name":"y","datatype":"FP32","shape":[4],"parameters":{{json}}}]}""");
        var request = new InferRequest("m") { Outputs = [new InferRequestedOutput("y") { SharedMemory = _region.Slice(0, 32) }] };

        var error = await Assert.ThrowsAsync<InferenceServerException>(() => server.Client.InferAsync(request));

        Assert.Equal(InferenceError.InvalidAnswer, error.Error);
        Assert.Contains($"{size} bytes", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Client_should_refuse_a_place_that_it_did_not_ask_for()
    {
        await using var server = await ScriptedServer.StartAsync(200, "application/json", """
            {"outputs":[{"name":"y","datatype":"INT8","shape":[1],
             "parameters":{"shared_memory_region":"a","shared_memory_byte_size":1}}]}
            """);

        var error = await Assert.ThrowsAsync<InferenceServerException>(() => server.Client.InferAsync(new InferRequest("m")));

        Assert.Contains("did not give it", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Client_should_list_regions()
    {
        await using var server = await ScriptedServer.StartAsync(
            200, "application/json", """[{"name":"a","key":"/b","offset":1,"byte_size":2}]""");

        var region = Assert.Single(await server.Client.GetSharedMemoryStatusAsync());

        Assert.Equal(("a", "/b", 1L, 2L), (region.Name, region.Key, region.Offset, region.ByteSize));
    }

    [SkippableFact]
    public void Region_should_be_the_users_alone_and_go_with_its_disposal()
    {
        var (region, path) = (SharedMemoryRegion.Create(100), "");
        using (region)
        {
            path = $"/dev/shm{region.Key}";
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(100, new FileInfo(path).Length);
        }

        Assert.False(File.Exists(path));
        region.Dispose();
    }

    [SkippableFact]
    public void Slice_should_lie_in_its_region_and_end_with_it()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _region.Slice(4090, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => _region.Slice(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SharedMemoryRegion.Create(0));
        var slice = _region.Slice(4090, 6);
        Assert.Throws<ArgumentException>(() => InferInput.InSharedMemory("x", Datatype.Float32, slice, 1));

        _region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => slice.Values<byte>().Length);
        Assert.Throws<ObjectDisposedException>(() => slice.Memory.Span.Length);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        _requests.Add(context.Request.Path, body.RootElement.Clone());
        if (!context.Request.Path.Value!.EndsWith("/infer", StringComparison.Ordinal))
        {
            return;
        }

        Assert.Null(context.Request.Headers["Inference-Header-Content-Length"].FirstOrDefault());
        var (input, output) = (Place(body.RootElement, "inputs"), Place(body.RootElement, "outputs"));
        using var file = new FileStream($"/dev/shm{_region.Key}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var bytes = new byte[input.Size];
        file.Seek(input.Offset, SeekOrigin.Begin);
        file.ReadExactly(bytes);
        foreach (ref var number in MemoryMarshal.Cast<byte, float>(bytes.AsSpan()))
        {
            number *= 2;
        }

        file.Seek(output.Offset, SeekOrigin.Begin);
        file.Write(bytes);
        await ScriptedServer.SendAsync(context.Response, 200, "application/json", Encoding.UTF8.GetBytes(
            $$$"""
            {"model_name":"double","outputs":[{"name":"y","datatype":"FP32","shape":[2,2],
             "parameters":{"shared_memory_region":"{{{_region.Name}}}","shared_memory_byte_size":16}}]}
            """));
    }

    private (long Offset, int Size) Place(JsonElement request, string list)
    {
        var parameters = request.GetProperty(list)[0].GetProperty("parameters");
        Assert.Equal(_region.Name, parameters.GetProperty("shared_memory_region").GetString());
        return (parameters.GetProperty("shared_memory_offset").GetInt64(), parameters.GetProperty("shared_memory_byte_size").GetInt32());
    }
}
