using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Torch.Catalog;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>Live modules that are wrapped with a recipe.</summary>
public sealed class RecipeSpecs : ParitySpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly ModelCase _model = ModelCases.Get("28 MB mlp");
    private readonly nn.Module<Tensor, Tensor> _source;

    public RecipeSpecs() => _source = _model.Make();

    [Theory]
    [InlineData(WrapMode.Actor)]
    [InlineData(WrapMode.Task)]
    public async Task Recipe_should_let_a_process_with_the_catalog_load_a_wrapper_without_a_factory(WrapMode mode)
    {
        Change(_source);
        var expected = $"ok {_model.AnswerDigest(_source)}";
        var wrapper = await WrapAsync(mode, MlpConfiguration.Recipe);
        var child = await StartAsync();

        Assert.Equal("ok ", await child.AskAsync($"recipe {Convert.ToBase64String(wrapper.Serialize())} {_model}"));

        Assert.Equal(expected, await child.AskAsync("call"));
    }

    [Fact]
    public async Task Recipe_should_let_a_process_with_the_catalog_open_the_model_by_its_name()
    {
        Change(_source);
        await WrapAsync(WrapMode.Actor, MlpConfiguration.Recipe);
        var host = Open(new ZeroCopyHostOptions { Catalog = MlpConfiguration.Catalog() });

        await using var pool = await host.StartPoolAsync("named", new ModelName("wrapped"), (Mlp model, Tensor input) => model.call(input));
        using var input = _model.Input();
        using var answer = await pool.AskAsync(input).WaitAsync(Patience);

        using var expected = _model.Answer(_source);
        Elements.AssertSame(expected, answer);
    }

    [Fact]
    public async Task Recipe_should_be_preferred_to_the_live_module_and_to_the_constructor_of_its_type()
    {
        using var source = new Tagged("live");
        var recipe = new Recipe.Catalog("tagged", "{}");
        var catalog = new ModelCatalog().Register<Tagged, object>("tagged", (_, _) => new Tagged("catalog"));
        var options = new ZeroCopyHostOptions { Catalog = catalog };
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Open(options), recipe: recipe);
        var (knowing, ignorant) = (
            ModelWrapper.Deserialize<Tagged>(wrapper.Serialize(), Open(options)),
            ModelWrapper.Deserialize<Tagged>(wrapper.Serialize(), Open()));

        Assert.Equal("catalog", wrapper.Load().Tag);
        Assert.Equal("catalog", knowing.Load().Tag);
        Assert.Equal("constructor", ignorant.Load().Tag);
        Assert.Equal("factory", ModelWrapper.Deserialize<Tagged>(wrapper.Serialize(), Open(options))
            .Load(new LoadOptions<Tagged> { Factory = () => new Tagged("factory") }).Tag);
    }

    [Theory]
    [InlineData("unknown", "{}", "'unknown'")]
    [InlineData("mlp", """{"layers":7}""", "width")]
    [InlineData("mlp", """{"layers":7,"width":null}""", "width")]
    [InlineData("mlp", """{"layers":6,"width":1024}""", "_layers.6.weight")]
    [InlineData("mlp", """{"layers":7,"width":512}""", "[512, 512]")]
    public async Task Wrapping_should_refuse_a_recipe_that_does_not_build_the_module_and_put_nothing(
        string key, string configuration, string reason)
    {
        var error = await Assert.ThrowsAsync<InvalidModelException>(
            () => WrapAsync(WrapMode.Actor, new Recipe.Catalog(key, configuration)));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Mlp), error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Host.Store.GetStatistics().Models);
    }

    [Fact]
    public async Task Wrapping_should_refuse_a_recipe_for_a_pipeline()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => ModelWrapper.FromModelAsync(new Pipeline(_source), host: Host, recipe: MlpConfiguration.Recipe));

        Assert.Contains(nameof(Pipeline), error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Host.Store.GetStatistics().Models);
    }

    // Weights that nobody who only knows the recipe has.
    private static void Change(nn.Module module)
    {
        using var frozen = no_grad();
        foreach (var parameter in module.parameters())
        {
            parameter.mul_(2);
        }
    }

    private Task<ModelWrapper<nn.Module<Tensor, Tensor>>> WrapAsync(WrapMode mode, Recipe.Catalog recipe) => ModelWrapper.FromModelAsync(
        _source,
        mode,
        host: Open(new ZeroCopyHostOptions { Catalog = MlpConfiguration.Catalog() }),
        name: new ModelName("wrapped"),
        recipe: recipe);

    private sealed record Pipeline(nn.Module<Tensor, Tensor> Model);

    private sealed class Tagged : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer = nn.Linear(2, 2);

        public Tagged()
            : this("constructor")
        {
        }

        public Tagged(string tag)
            : base(nameof(Tagged))
        {
            Tag = tag;
            RegisterComponents();
        }

        public string Tag { get; }

        public override Tensor forward(Tensor input) => _layer.call(input);
    }
}
