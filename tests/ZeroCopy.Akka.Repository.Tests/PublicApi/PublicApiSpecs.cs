using System.Reflection;
using PublicApiGenerator;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.PublicApi;

/// <summary>
/// The public surface of each library stands in a text file beside this one, so that a change of it is seen in the diff. To approve a
/// change, copy the <c>.received.txt</c> that a failing run writes over the <c>.approved.txt</c>.
/// </summary>
public sealed class PublicApiSpecs
{
    public static TheoryData<string> Libraries => new(
        "ZeroCopy.Akka.Core",
        "ZeroCopy.Akka.Torch",
        "ZeroCopy.Akka.Actors",
        "ZeroCopy.Akka.Datasets",
        "ZeroCopy.Akka.Serving",
        "ZeroCopy.Akka.Client",
        "ZeroCopy.Akka.Clustering",
        "ZeroCopy.Akka");

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Public_api_should_be_the_approved_one(string library)
    {
        var folder = Path.Combine(RepositoryRoot.Path, "tests", "ZeroCopy.Akka.Repository.Tests", "PublicApi");
        var approved = Path.Combine(folder, $"{library}.approved.txt");
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false };

        var api = Assembly.Load(library).GeneratePublicApi(options).ReplaceLineEndings("\n") + "\n";

        if (!File.Exists(approved) || File.ReadAllText(approved) != api)
        {
            File.WriteAllText(Path.Combine(folder, $"{library}.received.txt"), api);
        }

        Assert.True(File.Exists(approved), $"{approved} is missing.");
        Assert.Equal(File.ReadAllText(approved), api);
    }
}
