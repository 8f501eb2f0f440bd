using System.Diagnostics;
using System.Text.Json;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Build;

/// <summary>Which packages the property <c>TorchBackend</c> chooses, by an evaluation of the project: nothing is restored.</summary>
public sealed class TorchBackendSpecs
{
    private static readonly string Project = Path.Combine(RepositoryRoot.Path, "src", "ZeroCopy.Akka.Torch", "ZeroCopy.Akka.Torch.csproj");

    [Theory]
    [InlineData("cuda-windows", "TorchSharp-cuda-windows")]
    [InlineData("cuda-linux", "TorchSharp-cuda-linux")]
    public async Task TorchBackend_should_choose_the_cuda_packages(string backend, string package) =>
        Assert.Equal(["TorchSharp", package], await PackagesAsync($"-p:TorchBackend={backend}"));

    [Fact]
    public async Task TorchBackend_should_choose_the_processors_package_of_this_system_alone_by_default()
    {
        var system = OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";

        Assert.Equal(["TorchSharp", $"libtorch-cpu-{system}"], await PackagesAsync());
    }

    [Fact]
    public async Task TorchBackend_should_name_what_it_may_be_when_it_is_something_else()
    {
        var (code, output) = await MSBuildAsync("-t:CollectPackageReferences", "-p:TorchBackend=rocm");

        Assert.NotEqual(0, code);
        Assert.Contains("TorchBackend is 'rocm'; it must be cpu, cuda-windows or cuda-linux.", output, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<string>> PackagesAsync(params string[] arguments)
    {
        var (code, output) = await MSBuildAsync(["-getItem:PackageReference", .. arguments]);
        Assert.True(code == 0, output);
        using var json = JsonDocument.Parse(output);
        return
        [
            .. json.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
                .Select(item => item.GetProperty("Identity").GetString()!)
                .Where(name => name.Contains("torch", StringComparison.OrdinalIgnoreCase)),
        ];
    }

    private static async Task<(int Code, string Output)> MSBuildAsync(params string[] arguments)
    {
        string[] command = ["msbuild", Project, "-nologo", "-nodeReuse:false", .. arguments];
        var start = new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true };
        // A build's own choice is not inherited: these runs say what they want.
        start.Environment.Remove("TorchBackend");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
