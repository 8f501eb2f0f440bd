using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf.Collections;
using Grpc.Core;
using ZeroCopy.Endpoints;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;
using static ZeroCopy.Serving.Tests.Fakes.RpcRequest;

namespace ZeroCopy.Serving.Tests.Regions;

/// <summary>Tensors in shared memory, by both protocols.</summary>
public sealed class SharedMemorySpecs
{
    private const string Infer = """
        {"inputs":[{"name":"x","shape":[2],"datatype":"INT32",
                    "parameters":{"shared_memory_region":"r","shared_memory_byte_size":8,"shared_memory_offset":4}}],
         "outputs":[{"name":"output",
                     "parameters":{"shared_memory_region":"r","shared_memory_byte_size":12,"shared_memory_offset":16}}]}
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Tensors_should_be_read_and_written_in_a_region()
    {
        using var shared = new SharedObjectFile(4096);
        var endpoint = FakeEndpoint.Identity();
        await using var served = await StartAsync(endpoint);
        (await RegisterAsync(served, shared.Key, offset: 64, size: 128)).Succeeded();
        shared.Bytes = [.. new byte[68], .. Bytes(7, -7)];

        var answer = (await served.InferAsync("identity", Infer)).Succeeded();

        var output = answer.Output();
        Assert.False(output.TryGetProperty("data", out _));
        Assert.Equal(
            """{"shared_memory_region":"r","shared_memory_byte_size":8,"shared_memory_offset":16}""",
            output.GetProperty("parameters").GetRawText());
        Assert.Equal(Bytes(7, -7, 0), shared.Bytes[80..92]);
    }

    [Fact]
    public async Task Tensors_should_be_read_and_written_in_a_region_over_grpc()
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await StartAsync(FakeEndpoint.Identity());
        await served.Rpc.Call<SystemSharedMemoryRegisterRequest, SystemSharedMemoryRegisterResponse>(
            "SystemSharedMemoryRegister", new() { Name = "r", Key = shared.Key, ByteSize = 64 });
        shared.Bytes = Bytes(7, -7);
        var request = InRegion(0, 8);
        request.Outputs.Add(Output("output"));
        Add(request.Outputs[0].Parameters, 32, 8);

        var reply = await served.Rpc.Infer(request);

        Assert.Empty(reply.RawOutputContents[0]);
        Assert.Equal("r", reply.Outputs[0].Parameters["shared_memory_region"].StringParam);
        Assert.Equal(Bytes(7, -7), shared.Bytes[32..40]);
        var status = await served.Rpc.Call<SystemSharedMemoryStatusRequest, SystemSharedMemoryStatusResponse>(
            "SystemSharedMemoryStatus", new());
        Assert.Equal((shared.Key, 0ul, 64ul), (status.Regions["r"].Key, status.Regions["r"].Offset, status.Regions["r"].ByteSize));

        await served.Rpc.Call<SystemSharedMemoryUnregisterRequest, SystemSharedMemoryUnregisterResponse>(
            "SystemSharedMemoryUnregister", new());

        await served.Rpc.RefusedAsync(request, StatusCode.InvalidArgument, "There is no region 'r' of shared memory.");
    }

    [Fact]
    public async Task Inputs_should_not_be_copied()
    {
        using var shared = new SharedObjectFile(64);
        var endpoint = new FakeEndpoint("identity", call =>
        {
            // What is written while the call runs is what the model reads.
            shared.Bytes = Bytes(9, 9);
            return new ModelAnswer([NamedTensor.OfText("output", string.Join(',', call.Inputs[0].Data.ToArray()))]);
        });
        await using var served = await StartAsync(endpoint);
        (await RegisterAsync(served, shared.Key, 0, 64)).Succeeded();

        var reply = await served.Rpc.Infer(InRegion(0, 8));

        Assert.Equal("9,0,0,0,9,0,0,0", Encoding.UTF8.GetString(reply.RawOutputContents[0].Span[4..]));
    }

    [Fact]
    public async Task Region_should_stay_for_the_call_that_uses_it_when_it_is_removed()
    {
        using var shared = new SharedObjectFile(64);
        var going = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var endpoint = new FakeEndpoint("identity", async call =>
        {
            await going.Task;
            return new ModelAnswer([call.Inputs[0] with { Name = "output" }]);
        });
        await using var served = await StartAsync(endpoint);
        (await RegisterAsync(served, shared.Key, 0, 64)).Succeeded();
        shared.Bytes = Bytes(7, -7);
        using var call = served.Rpc.Infer(InRegion(0, 8));
        await endpoint.Called;

        (await PostAsync(served, "region/r/unregister", "")).Succeeded();
        File.Delete(shared.Path);
        going.SetResult();

        Assert.Equal(Bytes(7, -7), (await call).RawOutputContents[0].ToByteArray());
    }

    [Fact]
    public async Task Regions_should_be_listed_and_removed_one_by_one_or_all()
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await StartAsync(FakeEndpoint.Identity());
        foreach (var name in (string[])["b", "a/c"])
        {
            (await RegisterAsync(served, shared.Key, 1, 2, Uri.EscapeDataString(name))).Succeeded();
        }

        Assert.Equal(
            $$"""[{"name":"a/c","key":"{{shared.Key}}","offset":1,"byte_size":2},"""
            + $$"""{"name":"b","key":"{{shared.Key}}","offset":1,"byte_size":2}]""",
            JsonSerializer.Serialize((await served.GetAsync("/v2/systemsharedmemory/status")).Succeeded().Json));
        Assert.Equal(1, (await served.GetAsync("/v2/systemsharedmemory/region/b/status")).Succeeded().Json.GetArrayLength());

        (await PostAsync(served, "region/b/unregister", "")).Succeeded();
        (await PostAsync(served, "region/b/unregister", "")).Succeeded();
        (await served.GetAsync("/v2/systemsharedmemory/region/b/status")).Failed(400, "There is no region 'b'");
        (await PostAsync(served, "unregister", "")).Succeeded();
        Assert.Equal(0, (await served.GetAsync("/v2/systemsharedmemory/status")).Succeeded().Json.GetArrayLength());
    }

    [Fact]
    public async Task Shared_memory_should_be_off_unless_it_is_set()
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await ServedModels.StartAsync(FakeEndpoint.Identity());

        (await RegisterAsync(served, shared.Key, 0, 64)).Failed(
            400, "Shared memory is off here (zerocopy.serving.shared-memory, ServingOptions.SharedMemory).");
        (await PostAsync(served, "region/r/unregister", "")).Failed(400, "Shared memory is off here");
        (await served.InferAsync("identity", Infer)).Failed(400, "Shared memory is off here");
        Assert.Equal(0, (await served.GetAsync("/v2/systemsharedmemory/status")).Succeeded().Json.GetArrayLength());
        Assert.DoesNotContain("system_shared_memory", (await served.GetAsync("/v2")).Json.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"key":"KEY","byte_size":0}""", "byte_size is 0 but must be a number of bytes from 1")]
    [InlineData("""{"key":"KEY","byte_size":65}""", "has 64 bytes, and the region starts at 0 with 65 bytes")]
    [InlineData("""{"key":"KEY","byte_size":1,"offset":64}""", "has 64 bytes, and the region starts at 64 with 1 bytes")]
    [InlineData("""{"key":"KEY","byte_size":1,"offset":9223372036854775807}""", "has 64 bytes")]
    [InlineData("""{"key":"KEY","byte_size":-1}""", "byte_size is -1 but must be a whole number")]
    [InlineData("""{"byte_size":1}""", "the request has no key")]
    [InlineData("""{"key":"/no-such-object","byte_size":1}""", "There is no shared memory object '/no-such-object'")]
    [InlineData("""{"key":"/../passwd","byte_size":1}""", "must be the name of a shared memory object")]
    [InlineData("""{"key":"/..","byte_size":1}""", "must be the name of a shared memory object")]
    [InlineData("""{"key":"//etc/passwd","byte_size":1}""", "must be the name of a shared memory object")]
    [InlineData("""{"key":"/LINK","byte_size":1}""", "is not a file of the user whom the server runs as")]
    public async Task Register_should_refuse_what_is_no_region(string body, string words)
    {
        using var shared = new SharedObjectFile(64);
        var link = $"{shared.Path}-link";
        File.CreateSymbolicLink(link, shared.Path);
        try
        {
            await using var served = await StartAsync(FakeEndpoint.Identity());
            body = body.Replace("/LINK", $"{shared.Key}-link", StringComparison.Ordinal);
            body = body.Replace("KEY", shared.Key, StringComparison.Ordinal);

            (await PostAsync(served, "region/r/register", body)).Failed(400, words);

            Assert.Equal(0, (await served.GetAsync("/v2/systemsharedmemory/status")).Succeeded().Json.GetArrayLength());
        }
        finally
        {
            File.Delete(link);
        }
    }

    [SkippableFact]
    public async Task Register_should_refuse_an_object_of_another_user()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "Only root can give a file away.");
        using var shared = new SharedObjectFile(64);
        using (var given = Process.Start("chown", ["65534", shared.Path]))
        {
            await given.WaitForExitAsync().WaitAsync(Patience);
            Skip.IfNot(given.ExitCode == 0, "chown is not allowed here.");
        }

        await using var served = await StartAsync(FakeEndpoint.Identity());

        (await RegisterAsync(served, shared.Key, 0, 64)).Failed(400, "is not a file of the user whom the server runs as");

        // So neither an input nor an answer can lie there.
        (await served.InferAsync("identity", Infer)).Failed(400, "There is no region 'r' of shared memory.");
        Assert.Equal(new byte[64], shared.Bytes);
    }

    /// <summary>A first write to a page that the file system has no room for would end the process, and a first read as well.</summary>
    [SkippableFact]
    public async Task Register_should_reserve_the_memory_of_its_region_alone()
    {
        Skip.IfNot(File.Exists("/usr/bin/du"), "There is no du here.");
        const int Size = 1 << 20;
        using var shared = new SharedObjectFile(1);
        using (var file = new FileStream(shared.Path, FileMode.Open, FileAccess.Write))
        {
            file.SetLength(4 * Size);
        }

        await using var served = await StartAsync(FakeEndpoint.Identity());

        (await RegisterAsync(served, shared.Key, Size, Size)).Succeeded();

        using var usage = Process.Start(new ProcessStartInfo("du", ["--block-size=1", shared.Path]) { RedirectStandardOutput = true })!;
        var bytes = (await usage.StandardOutput.ReadToEndAsync().WaitAsync(Patience)).Split('\t')[0];
        // Whole pages, and the one that holds the first byte; no huge pages are taken for granted or excluded.
        Assert.InRange(long.Parse(bytes, CultureInfo.InvariantCulture), Size, 3 * Size);
    }

    [Fact]
    public async Task Register_should_refuse_a_name_that_is_taken_and_more_regions_than_its_options_allow()
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await ServedModels.StartAsync(
            options => (options.SharedMemory, options.MaxSharedMemoryRegions) = (true, 1), FakeEndpoint.Identity());
        (await RegisterAsync(served, shared.Key, 0, 64)).Succeeded();

        (await RegisterAsync(served, shared.Key, 0, 64)).Failed(400, "There is a region 'r' already");
        (await RegisterAsync(served, shared.Key, 0, 64, "other")).Failed(
            400, "There are 1 regions", "(ServingOptions.MaxSharedMemoryRegions)");
    }

    [Theory]
    [InlineData(60, 8, "Region 'r' has 64 bytes, and a tensor lies at 60 with 8 bytes.")]
    [InlineData(long.MaxValue, 8, "Region 'r' has 64 bytes")]
    [InlineData(0, 4, "inputs[0] has a shared_memory_byte_size of 4, but INT32 of shape [2] takes 8 bytes.")]
    [InlineData(-1, 8, "inputs[0].parameters.shared_memory_offset is -1")]
    public async Task Infer_should_refuse_an_input_that_does_not_lie_in_its_region(long offset, long size, string words)
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await StartAsync(FakeEndpoint.Identity());
        (await RegisterAsync(served, shared.Key, 0, 64)).Succeeded();

        await served.Rpc.RefusedAsync(InRegion(offset, size), StatusCode.InvalidArgument, words);
    }

    [Theory]
    [InlineData("r", 16, 8, true)]
    [InlineData("r", 23, 1, true)]
    [InlineData("r", 0, 9223372036854775807, true)]
    [InlineData("r", 24, 8, false)]
    [InlineData("s", 16, 8, false)]
    public async Task Infer_should_refuse_outputs_that_would_be_written_over_each_other(
        string region, long offset, long size, bool isRefused)
    {
        await using var served = await StartAsync(FakeEndpoint.Identity());

        var answer = await served.InferAsync("identity", $$$"""
            {"inputs":[{"name":"x","shape":[1],"datatype":"INT32","data":[1]}],
             "outputs":[{"name":"a",
                         "parameters":{"shared_memory_region":"r","shared_memory_byte_size":8,"shared_memory_offset":16}},
                        {"name":"b",
                         "parameters":{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":{{{size}}},
                                       "shared_memory_offset":{{{offset}}}}}]}
            """);

        // The region is looked for behind that.
        answer.Failed(400, isRefused ? "The outputs 'a' and 'b' have bytes of the region 'r' in common" : "There is no region 'r'");
    }

    [Fact]
    public async Task Infer_should_refuse_an_output_that_has_no_room_in_its_region()
    {
        using var shared = new SharedObjectFile(64);
        await using var served = await StartAsync(FakeEndpoint.Identity());
        (await RegisterAsync(served, shared.Key, 0, 64)).Succeeded();
        var request = Raw("INT32", [2], Bytes(7, -7));
        request.Outputs.Add(Output("output"));
        Add(request.Outputs[0].Parameters, 0, 7);

        await served.Rpc.RefusedAsync(
            request, StatusCode.InvalidArgument, "Output 'output' has 8 bytes, and shared_memory_byte_size gives it 7.");

        Assert.Equal(new byte[64], shared.Bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Infer_should_refuse_a_region_whose_object_was_cut(bool isForOutput)
    {
        using var shared = new SharedObjectFile(64);
        var endpoint = FakeEndpoint.Identity();
        await using var served = await StartAsync(endpoint);
        (await RegisterAsync(served, shared.Key, 0, 64)).Succeeded();
        using (var file = new FileStream(shared.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(63);
        }

        var request = isForOutput ? Raw("INT32", [2], Bytes(7, -7)) : InRegion(0, 8);
        if (isForOutput)
        {
            request.Outputs.Add(Output("output"));
            Add(request.Outputs[0].Parameters, 0, 8);
        }

        await served.Rpc.RefusedAsync(request, StatusCode.InvalidArgument, "is smaller than region 'r', which ends at 64");
        Assert.False(endpoint.Called.IsCompleted);
    }

    private static Task<ServedModels> StartAsync(IModelEndpoint endpoint) =>
        ServedModels.StartAsync(options => options.SharedMemory = true, endpoint);

    private static Task<Answer> RegisterAsync(ServedModels served, string key, long offset, long size, string name = "r") =>
        PostAsync(served, $"region/{name}/register", $$"""{"key":"{{key}}","offset":{{offset}},"byte_size":{{size}}}""");

    private static Task<Answer> PostAsync(ServedModels served, string path, string body) =>
        served.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/v2/systemsharedmemory/{path}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        });

    /// <summary>Two numbers in the region <c>r</c>.</summary>
    private static ModelInferRequest InRegion(long offset, long size)
    {
        var request = new ModelInferRequest { ModelName = "identity", Inputs = { Input("x", "INT32", 2) } };
        Add(request.Inputs[0].Parameters, offset, size);
        return request;
    }

    private static void Add(MapField<string, InferParameter> parameters, long offset, long size)
    {
        parameters["shared_memory_region"] = new InferParameter { StringParam = "r" };
        parameters["shared_memory_offset"] = new InferParameter { Int64Param = offset };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = size };
    }
}
