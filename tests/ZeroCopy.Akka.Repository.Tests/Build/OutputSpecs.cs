using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Build;

/// <summary>What a build leaves in the output folders.</summary>
public sealed class OutputSpecs
{
    [SkippableFact]
    public void Outputs_should_link_to_libtorch_and_hold_no_copy_of_it()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has hard links there, which look like files.");
        string[] roots = [Path.Combine(RepositoryRoot.Path, "src"), Path.Combine(RepositoryRoot.Path, "tests")];
        var libraries = roots.SelectMany(Directory.GetDirectories).Select(project => Path.Combine(project, "bin")).Where(Directory.Exists)
            .SelectMany(output => Directory.GetFiles(output, "*torch_cpu.*", SearchOption.AllDirectories)).ToList();

        Assert.NotEmpty(libraries);
        Assert.All(libraries, library => Assert.NotNull(new FileInfo(library).LinkTarget));
    }
}
