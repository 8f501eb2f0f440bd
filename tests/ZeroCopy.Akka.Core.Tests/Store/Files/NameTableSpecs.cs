using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Files;

namespace ZeroCopy.Tests.Store.Files;

public sealed class NameTableSpecs
{
    private static readonly ModelId First = ModelId.Of([1]);
    private static readonly ModelId Second = ModelId.Of([2]);
    private readonly NameTable _names = new();

    [Fact]
    public void NameTable_should_give_the_next_version()
    {
        Assert.Equal("a@1", _names.WithVersion(new ModelName("a")).ToString());
        _names.Set(new ModelName("a", 7), First);
        Assert.Equal("a@8", _names.WithVersion(new ModelName("a")).ToString());
        Assert.Equal("a@3", _names.WithVersion(new ModelName("a", 3)).ToString());
    }

    [Fact]
    public void NameTable_should_say_that_no_version_is_left()
    {
        _names.Set(new ModelName("a", int.MaxValue), First);

        Assert.Contains(
            "'a' has version 2147483647, the last",
            Assert.Throws<InvalidModelException>(() => _names.WithVersion(new ModelName("a"))).Message, StringComparison.Ordinal);
        Assert.Equal("a@2147483647", _names.WithVersion(new ModelName("a"), First).ToString());
    }

    [Fact]
    public void NameTable_should_forget_the_old_model_when_a_name_moves()
    {
        _names.Set(new ModelName("a", 1), First);
        _names.Set(new ModelName("a", 1), Second);
        Assert.False(_names.IsNamed(First));
        Assert.True(_names.IsNamed(Second));
        Assert.Equal(1, _names.Count);
    }

    [Fact]
    public void NameTable_should_tell_a_models_names_in_order()
    {
        _names.Set(new ModelName("b", 10), First);
        _names.Set(new ModelName("b", 2), First);
        _names.Set(new ModelName("a", 3), First);
        _names.Set(new ModelName("c", 1), Second);
        Assert.Equal(["a@3", "b@2", "b@10"], _names.Of(First).Select(name => name.ToString()));
        _names.Remove(new ModelName("b", 2));
        Assert.Equal(["a@3", "b@10"], _names.Of(First).Select(name => name.ToString()));
        _names.Clear();
        Assert.Empty(_names.Of(First));
    }

    [Fact]
    public void NameTable_should_resolve_the_newest_that_is_left()
    {
        _names.Set(new ModelName("a", 1), First);
        _names.Set(new ModelName("a", 10), Second);
        Assert.True(_names.TryResolve(new ModelName("a"), out var full, out var model));
        Assert.Equal(("a@10", Second), (full.ToString(), model));
        _names.Remove(full);
        Assert.True(_names.TryResolve(new ModelName("a"), out full, out model));
        Assert.Equal(("a@1", First), (full.ToString(), model));
        _names.Remove(full);
        Assert.False(_names.TryResolve(new ModelName("a"), out _, out _));
    }

    [Theory]
    [InlineData("a@1")]
    [InlineData("a=")]
    [InlineData("=a")]
    [InlineData("a=0123")]
    public void NameTable_should_ignore_files_that_are_no_names(string file) =>
        Assert.False(NameTable.TryParseFileName(file, out _, out _));

    [Fact]
    public void NameTable_should_read_its_file_names() =>
        Assert.True(NameTable.TryParseFileName($"a@2={First}", out var name, out var model) && name.ToString() == "a@2" && model == First);
}
