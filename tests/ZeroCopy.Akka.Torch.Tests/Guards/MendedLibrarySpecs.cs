using System.Text;
using TorchSharp;
using ZeroCopy.Torch.Guards;

namespace ZeroCopy.Torch.Tests.Guards;

public sealed class MendedLibrarySpecs
{
    private const string Name = "libLibTorchSharp";

    [Fact]
    public void MendedLibrary_should_differ_from_the_original_in_one_mark_and_its_search_path_alone()
    {
        var original = File.ReadAllBytes(Directory.GetFiles(AppContext.BaseDirectory, $"{Name}.so", SearchOption.AllDirectories).First());
        var mended = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, Name));
        var path = mended.AsSpan().IndexOf("$ORIGIN"u8);
        var end = path + mended.AsSpan(path).IndexOf((byte)0);

        var changed = Enumerable.Range(0, original.Length).Where(i => original[i] != mended[i]).ToList();

        Assert.Equal(original.Length, mended.Length);
        Assert.Equal("$ORIGIN:$ORIGIN/runtimes/linux-x64/native", Encoding.ASCII.GetString(mended[path..end]));
        var mark = Assert.Single(changed, i => i < path || i > end);
        Assert.Equal(((byte)0, (byte)2), (original[mark], mended[mark]));
    }

    [SkippableFact]
    public void TorchLibrary_should_say_which_library_computes()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The library is mended on Linux only.");
        torch.ones(1).Dispose();

        var isMended = File.ReadLines("/proc/self/maps").All(line => !line.EndsWith($"/{Name}.so", StringComparison.Ordinal));

        Assert.Equal(isMended, TorchLibrary.Remark?.Contains("GLIBCXX_3.4.32", StringComparison.Ordinal) ?? false);
    }
}
