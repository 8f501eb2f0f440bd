using ZeroCopy.Clustering.Catalog;

namespace ZeroCopy.Clustering.Tests.Catalog;

public sealed class ProductVersionSpecs
{
    [Theory]
    [InlineData("0.1.0", "0.1.7", true)]
    [InlineData("0.1.0", "0.2.0", false)]
    [InlineData("0.9.0", "1.0.0", false)]
    [InlineData("1.0.0", "1.4.2", true)]
    [InlineData("1.4.2", "2.0.0", false)]
    public void ProductVersion_should_say_which_work_together(string one, string other, bool together)
    {
        Assert.Equal(together, ProductVersion.WorkTogether(Version.Parse(one), Version.Parse(other)));
        Assert.Equal(together, ProductVersion.WorkTogether(Version.Parse(other), Version.Parse(one)));
    }
}
