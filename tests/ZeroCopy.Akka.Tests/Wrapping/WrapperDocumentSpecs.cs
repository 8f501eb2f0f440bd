using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Pipelines;
using ZeroCopy.Product.Tests.Models;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Product.Tests.Wrapping;

public sealed class WrapperDocumentSpecs
{
    [Fact]
    public void WrapperDocument_should_survive_a_round_trip()
    {
        var document = Document();

        var read = WrapperDocument.Parse(document.ToBytes());

        Assert.Equal(document.Template, read.Template);
        Assert.Equal(document.TaskMode, read.TaskMode);
        Assert.Equal(document.Methods.AsEnumerable(), read.Methods);
        Assert.Equal(document.Modules[0].Handle, read.Modules[0].Handle);
        Assert.Equal(document.Modules[0].Paths.AsEnumerable(), read.Modules[0].Paths);
        Assert.Equal("de", read.Values["Language"].GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"Version\":1}")]
    public void WrapperDocument_should_refuse_what_is_no_wrapper(string text) =>
        Assert.Throws<InvalidModelException>(() => WrapperDocument.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void WrapperDocument_should_refuse_another_version()
    {
        var bytes = (Document() with { Version = 2 }).ToBytes();

        Assert.Contains(
            "version 2", Assert.Throws<InvalidModelException>(() => WrapperDocument.Parse(bytes)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zz", null)]
    [InlineData(null, "../up")]
    public void WrapperDocument_should_refuse_ids_and_names_of_another_form(string? id, string? name)
    {
        var document = Document();
        var module = document.Modules[0];
        var bytes = (document with { Modules = [module with { Id = id ?? module.Id, Name = name }] }).ToBytes();

        Assert.Throws<InvalidModelException>(() => WrapperDocument.Parse(bytes));
    }

    [Theory]
    [InlineData("zz")]
    [InlineData("")]
    public void WrapperDocument_should_refuse_tensors_whose_id_is_of_another_form(string id)
    {
        var tensors = new WrappedTensors(id, 4, ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("tensor0", ["X"]));
        var bytes = (Document() with { Tensors = tensors }).ToBytes();

        Assert.Throws<InvalidModelException>(() => WrapperDocument.Parse(bytes));
        var good = (Document() with { Tensors = tensors with { Id = ModelId.Of("x"u8).ToString() } }).ToBytes();
        Assert.NotNull(WrapperDocument.Parse(good).Tensors);
    }

    [Fact]
    public void WrapperDocument_should_carry_plain_values_to_the_receivers_own_types()
    {
        var source = new Holder { Language = "de", Settings = new Settings("fr", 3, [0.1, double.NaN]), Kind = DayOfWeek.Friday };
        var target = new Holder();

        var values = PlainValues.Write(PipelineScan.Of(source, typeof(Holder)).Values);
        PlainValues.Apply(values, PipelineScan.Of(target, typeof(Holder)).Values);

        Assert.Equal("de", target.Language);
        Assert.Equal(DayOfWeek.Friday, target.Kind);
        Assert.Equal(source.Settings.Thresholds, target.Settings!.Thresholds);
    }

    [Fact]
    public void WrapperDocument_should_name_the_member_when_a_value_does_not_fit()
    {
        var values = new Dictionary<string, JsonElement> { ["Kind"] = JsonSerializer.SerializeToElement("text") };

        var error = Assert.Throws<InvalidModelException>(
            () => PlainValues.Apply(values, PipelineScan.Of(new Holder(), typeof(Holder)).Values));

        Assert.Contains("'Kind'", error.Message, StringComparison.Ordinal);
    }

    private static WrapperDocument Document() => new()
    {
        Version = WrapperDocument.CurrentVersion,
        Template = Guid.NewGuid(),
        TaskMode = true,
        TypeName = "Pipeline",
        Methods = ["Encode"],
        Modules = [new WrappedModule(["Encoder", "Stages[0]"], ModelId.Of("x"u8).ToString(), 12, "bert@3", Script: false, Wrapped: true)],
        Values = ImmutableSortedDictionary<string, JsonElement>.Empty.Add("Language", JsonSerializer.SerializeToElement("de")),
    };

    private sealed class Holder
    {
        public string? Language { get; set; }

        public Settings? Settings { get; set; }

        public DayOfWeek Kind { get; set; }
    }
}
