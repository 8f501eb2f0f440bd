using TorchSharp;
using ZeroCopy.Torch.Native;

namespace ZeroCopy.Torch.Tests.Native;

public sealed class NativeLibraryResolverSpecs
{
    [Fact]
    public void NativeLibraryResolver_should_let_torch_run()
    {
        TorchLibrary.Load();

        using var ones = torch.ones(2, 3);

        Assert.Equal(6, ones.numel());
    }

    [SkippableFact]
    public void NativeLibraryResolver_should_leave_no_file_behind()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The library is mended on Linux only.");
        TorchLibrary.Load();
        torch.ones(1).Dispose();

        Assert.DoesNotContain(
            Directory.GetFiles("/proc/self/fd").Select(path => new FileInfo(path).LinkTarget ?? ""), target => target.Contains("libLibTorchSharp"));
    }

    [Fact]
    public void VersionNeeds_should_change_one_bit_of_the_library_and_refuse_a_version_it_does_not_ask_for()
    {
        var image = File.ReadAllBytes(LibraryPath());
        var copy = image.ToArray();

        Assert.True(VersionNeeds.TryMarkWeak(copy, "GLIBCXX_3.4.32"));
        Assert.False(VersionNeeds.TryMarkWeak(copy, "GLIBCXX_3.4.99"));
        Assert.Equal(2, image.Zip(copy, (left, right) => left ^ right).Single(difference => difference != 0));
    }

    [Fact]
    public void VersionNeeds_should_refuse_what_is_no_library()
    {
        Assert.False(VersionNeeds.TryMarkWeak(new byte[10], "GLIBCXX_3.4.32"));
        Assert.False(VersionNeeds.TryMarkWeak(new byte[4096], "GLIBCXX_3.4.32"));
    }

    [Fact]
    public void VersionNeeds_should_refuse_a_truncated_library()
    {
        var image = File.ReadAllBytes(LibraryPath());

        Assert.False(VersionNeeds.TryMarkWeak(image.AsSpan(0, image.Length / 2), "GLIBCXX_3.4.32"));
    }

    private static string LibraryPath() =>
        Directory.GetFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).First();
}
