using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Repository.Tests.Build;

/// <summary>What a stranger gets who packs the product and writes what the README says.</summary>
public sealed partial class PackageSpecs(PackedFeed feed) : IClassFixture<PackedFeed>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly string Papers = string.Join('\n', Documents.All.Select(File.ReadAllText)).ReplaceLineEndings("\n");

    /// <summary>The programs of the README and docs, which are built as they stand.</summary>
    public static IReadOnlyList<string> Programs { get; } =
        [Example("ZeroCopyHost.Open();\nvar tasks"), Example("WebApplication.CreateBuilder"), Example("Host.CreateApplicationBuilder()")];

    [Fact]
    public void Pack_should_make_the_libraries_and_nothing_else() =>
        Assert.Equal(
            [
                "ZeroCopy.Akka", "ZeroCopy.Akka.Actors", "ZeroCopy.Akka.Client", "ZeroCopy.Akka.Clustering", "ZeroCopy.Akka.Core",
                "ZeroCopy.Akka.Datasets", "ZeroCopy.Akka.Serving", "ZeroCopy.Akka.Torch",
            ],
            feed.Packages());

    [Fact]
    public void Packages_should_ask_for_exactly_the_versions_that_they_work_with()
    {
        using var package = ZipFile.OpenRead(feed.Package("ZeroCopy.Akka"));
        using var reader = new StreamReader(package.GetEntry("ZeroCopy.Akka.nuspec")!.Open());
        var nuspec = reader.ReadToEnd();

        Assert.Contains($"id=\"ZeroCopy.Akka.Torch\" version=\"[{feed.Version}]\"", nuspec, StringComparison.Ordinal);
        Assert.Contains("id=\"TorchSharp\" version=\"[0.107.0]\"", nuspec, StringComparison.Ordinal);
    }

    [Fact]
    public void Client_should_come_for_two_frameworks_and_need_our_library_on_the_newer_one_alone()
    {
        using var package = ZipFile.OpenRead(feed.Package("ZeroCopy.Akka.Client"));
        using var reader = new StreamReader(package.GetEntry("ZeroCopy.Akka.Client.nuspec")!.Open());
        var groups = XDocument.Load(reader).Descendants().Where(element => element.Name.LocalName == "group")
            .ToDictionary(group => (string)group.Attribute("targetFramework")!, group => group.ToString());

        Assert.Equal(["net10.0", "net8.0"], groups.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("ZeroCopy.Akka.Core", groups["net10.0"], StringComparison.Ordinal);
        Assert.DoesNotContain("ZeroCopy.", groups["net8.0"], StringComparison.Ordinal);
        Assert.All(groups.Keys, framework => Assert.NotNull(package.GetEntry($"lib/{framework}/ZeroCopy.Akka.Client.dll")));
    }

    [Fact]
    public async Task Program_of_the_older_framework_should_call_by_the_client()
    {
        var project = Project().Replace("\"ZeroCopy.Akka\"", "\"ZeroCopy.Akka.Client\"", StringComparison.Ordinal).Replace(
            "<TargetFramework>net10.0</TargetFramework>",
            "<TargetFramework>net8.0</TargetFramework><RollForward>Major</RollForward><UseAppHost>false</UseAppHost>",
            StringComparison.Ordinal);
        var start = await feed.BuildAsync("older", project, """
            using ZeroCopy.Client;
            using ZeroCopy.Client.Http;
            using ZeroCopy.Client.Tensors;

            var input = InferInput.Of("x", new[] { (BFloat16)1.5f, (BFloat16)2f }, 2);
            using var client = new InferenceHttpClient(new Uri("http://127.0.0.1:9"));
            Console.WriteLine($"{input.Datatype.ToName()} {input.Data.Length} {await client.IsServerLiveAsync()}");
            """, "net8.0");

        Assert.Equal("BF16 4 False", (await RunAsync(start)).Trim());
    }

    [Fact]
    public async Task Console_program_of_the_readme_should_build_and_run()
    {
        var start = await feed.BuildAsync("console", Project(), Programs[0]);

        Assert.Equal("3, 2", (await RunAsync(start)).Trim());
    }

    [Fact]
    public async Task Hosting_example_of_the_readme_should_build_and_run_in_a_worker()
    {
        var project = Project("Microsoft.NET.Sdk.Worker").Replace(
            "<ItemGroup>",
            $"<ItemGroup>\n    <PackageReference Include=\"Microsoft.Extensions.Hosting\" Version=\"{ExtensionsVersion()}\" />",
            StringComparison.Ordinal);
        var type = Example("internal sealed class Classifier :");
        var start = await feed.BuildAsync("worker", project, UsingsFirst($$"""
            {{type.Split("await using")[0]}}
            var settings = "node.conf";
            File.WriteAllText(settings, $"zerocopy.object-store.directory = \"{Environment.GetEnvironmentVariable("ZEROCOPY_STORE")}\"");
            await using (var first = ZeroCopyHost.Open(new ZeroCopyHostOptions { Catalog = catalog }))
            {
                using var classifier = new Classifier(new ClassifierConfiguration(8, 2), CPU);
                await first.Runtime.PutAsync(classifier, new ZeroCopy.Torch.PutModuleOptions
                {
                    Recipe = new Recipe.Catalog("my-classifier", "{\"inputs\": 8, \"outputs\": 2}"),
                    Put = new PutOptions { Name = new ModelName("mine") },
                });
            }

            using var input = ones(3, 8);
            {{Programs[2]}}
            await application.StopAsync();
            Console.WriteLine("answer " + string.Join(", ", answer.shape));

            {{type[type.IndexOf("internal sealed record", StringComparison.Ordinal)..]}}
            """));

        Assert.Contains("answer 3, 2", await RunAsync(start), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Web_application_of_the_readme_should_build_and_answer()
    {
        var start = await feed.BuildAsync("web", Project("Microsoft.NET.Sdk.Web"), Programs[1]);
        start.ArgumentList.Add("--urls");
        start.ArgumentList.Add("http://127.0.0.1:0");
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            using var client = new HttpClient { BaseAddress = await AddressAsync(process), Timeout = Patience };

            using var answer = await client.PostAsJsonAsync("/predict", new float[8]);

            Assert.True(answer.IsSuccessStatusCode, answer.ToString());
            Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<float[]>())!.Length);
            Assert.Equal("Healthy", await client.GetStringAsync("/health"));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<Uri> AddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                return new Uri(match.Groups[1].Value);
            }
        }

        throw new InvalidOperationException("The application ended before it listened.");
    }

    private static async Task<string> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(process.ExitCode == 0, await errors);
        return output;
    }

    /// <summary>The README's project, on the packages of this test.</summary>
    private string Project(string sdk = "Microsoft.NET.Sdk")
    {
        var project = Example("<Project Sdk=").Replace("\"0.1.0\"", $"\"{feed.Version}\"", StringComparison.Ordinal)
            .Replace("Sdk=\"Microsoft.NET.Sdk\"", $"Sdk=\"{sdk}\"", StringComparison.Ordinal);
        Assert.Contains(feed.Version, project, StringComparison.Ordinal);
        return project;
    }

    /// <summary>The one block of code in the README and docs that has a text in it.</summary>
    private static string Example(string text) => Assert.Single(
        Blocks().Matches(Papers).Select(match => match.Groups[1].Value), block => block.Contains(text, StringComparison.Ordinal));

    /// <summary>A program of several examples, each of which has the usings that it needs.</summary>
    private static string UsingsFirst(string program)
    {
        var lines = program.Split('\n').ToLookup(line => Usings().IsMatch(line));
        return string.Join('\n', [.. lines[true].Select(line => line.Trim()).Distinct(), .. lines[false]]);
    }

    private static string ExtensionsVersion()
    {
        var versions = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "Directory.Packages.props"));
        return Regex.Match(versions, "<ExtensionsVersion>(.*)</ExtensionsVersion>").Groups[1].Value;
    }

    [GeneratedRegex(@"^```\w+\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"^\s*using (static )?[\w.]+;\s*$")]
    private static partial Regex Usings();

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
