using System.Text;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.TestSupport;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Torch.Tests.Script.Running;

public sealed class ScriptModelSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [SkippableFact]
    public async Task ScriptModel_should_give_PyTorchs_answers_when_traced()
    {
        using var fixture = new ScriptFixture(ScriptFixture.Data("bert/embedder.pt"));
        var examples = ExampleTensors.Read(ScriptFixture.Data("bert/examples.safetensors"));
        using var model = fixture.Open();
        using var instance = await model.RentAsync();

        using var answer = (torch.Tensor)ScriptFixture.Call(instance, "forward", examples["input_ids"], examples["attention_mask"])!;

        ExampleTensors.AssertClose(examples["embedding_without_types"], answer);
        Assert.False(fixture.Facts.Stateful);
    }

    [SkippableFact]
    public async Task ScriptModel_should_keep_state_for_each_instance_when_its_code_changes_it()
    {
        using var fixture = new ScriptFixture(ScriptFixture.Data("detector/detector.pt"));
        var examples = ExampleTensors.Read(ScriptFixture.Data("detector/examples.safetensors"));
        using var model = fixture.Open();
        using var first = await model.RentAsync();
        using var second = await model.RentAsync();

        for (var i = 0; i < 40; i++)
        {
            using var probability = (torch.Tensor)ScriptFixture.Call(first, "forward", examples["audio"][i], 16000L)!;
            ExampleTensors.AssertClose(examples["probability"][i].reshape(probability.shape), probability);
            if (i % 4 == 0)
            {
                using var narrow = (torch.Tensor)ScriptFixture.Call(second, "forward", examples["narrow"][i / 4], 8000L)!;
                ExampleTensors.AssertClose(examples["narrow_probability"][i / 4].reshape(narrow.shape), narrow);
            }
        }

        Assert.Null(ScriptFixture.Call(first, "reset_states"));
        using var again = (torch.Tensor)ScriptFixture.Call(first, "forward", examples["audio"][0], 16000L)!;
        ExampleTensors.AssertClose(examples["probability"][0].reshape(again.shape), again);
    }

    [SkippableFact]
    public async Task ScriptModel_should_call_every_method()
    {
        using var fixture = new ScriptFixture(ScriptFixture.Data("detector/detector.pt"));
        var examples = ExampleTensors.Read(ScriptFixture.Data("detector/examples.safetensors"));
        using var model = fixture.Open();
        using var instance = await model.RentAsync();

        using var whole = (torch.Tensor)ScriptFixture.Call(instance, "audio_forward", examples["audio"].reshape(1, -1), 16000L)!;
        ExampleTensors.AssertClose(examples["audio_forward"], whole);

        var raised = Assert.Throws<InferenceException>(() => ScriptFixture.Call(instance, "validate_input", examples["audio"][0], 44100L));
        Assert.Contains("rate must be 16000 or 8000", raised.Message, StringComparison.Ordinal);
        var unknown = Assert.Throws<MethodNotAllowedException>(() => ScriptFixture.Call(instance, "train_step"));
        Assert.Contains("audio_forward", unknown.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task ScriptModel_should_leave_the_shared_weights_alone_when_a_buffer_changes()
    {
        using var fixture = new ScriptFixture(ScriptFixture.Data("detector/detector.pt"));
        var before = fixture.Weights.ToDictionary(item => item.Key, item => item.Value.clone());
        using var audio = torch.rand(1, 512);
        using var model = fixture.Open();
        using (var instance = await model.RentAsync())
        {
            ((torch.Tensor)ScriptFixture.Call(instance, "forward", audio, 16000L)!).Dispose();
        }

        Assert.Contains("wide.calls", fixture.Weights.Keys);
        Assert.All(before, item => Assert.True(item.Value.Equals(fixture.Weights[item.Key]), item.Key));
    }

    [Theory]
    [InlineData("traced.pt", false)]
    [InlineData("stateful.pt", true)]
    public async Task ScriptModel_should_hold_up_nobody_and_stay_open_for_the_loader_when_it_is_disposed_during_a_load(
        string file, bool stateful)
    {
        using var fixture = new ScriptFixture(ScriptExample.Path(file));
        using var loading = new SemaphoreSlim(0);
        using var gate = new ManualResetEventSlim();
        var lease = new Lease();
        var model = fixture.Open(
            () =>
            {
                loading.Release();
                Assert.True(gate.Wait(Patience));
            },
            lease);
        var rented = Task.Run(async () => await model.RentAsync());
        Assert.True(await loading.WaitAsync(Patience));

        Assert.False(await Task.Run(() => model.TryRent(out _)).WaitAsync(Patience));
        await Task.Run(model.Dispose).WaitAsync(Patience);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await model.RentAsync());
        Assert.False(lease.Ended);
        gate.Set();
        var instance = await rented.WaitAsync(Patience);
        var program = (ScriptProgram)instance.Target;

        Assert.Equal(stateful, fixture.Facts.Stateful);
        Assert.False(TorchInternals.Handle(program.Module).IsInvalid);
        instance.Dispose();
        Assert.True(TorchInternals.Handle(program.Module).IsInvalid);
        Assert.True(lease.Ended);
    }

    [Fact]
    public async Task ScriptModel_should_load_when_a_plain_class_behind_the_module_takes_a_text()
    {
        const string Colour = "class Color(Enum):\n  RED = 1\n  BLUE = 2\n";
        const string Method = "  def named(self: __torch__.Counter,\n    name: str) -> str:\n    return name\n";
        using var directory = new TemporaryDirectory();
        var file = new ScriptFile(ScriptExample.Path("custom_class.pt"));
        var code = Encoding.UTF8.GetString(file.Read("code/__torch__.py")).Replace(Colour, "");
        file.Write("code/__torch__.py", Encoding.UTF8.GetBytes(code + Method + Colour));
        file.Save(directory.File("named.pt"));
        using var fixture = new ScriptFixture(directory.File("named.pt"));
        using var model = fixture.Open();
        using var instance = await model.RentAsync();

        ScriptExample.Of("custom_class")[0].AssertAnswered(instance);
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("class Face(ModuleInterface):\n  def forward(self: __torch__.Face,\n    x: Tensor) -> Tensor:\n    pass\n", 0)]
    public async Task ScriptModel_should_answer_when_a_plain_object_holds_tensors(string further, int shared)
    {
        const string Linear = "code/__torch__/torch/nn/modules/linear/___torch_mangle_0.py";
        using var directory = new TemporaryDirectory();
        var file = new ScriptFile(ScriptExample.Path("custom_class.pt"));
        var lines = Encoding.UTF8.GetString(file.Read(Linear)).Replace("(Module)", "").Split('\n');
        var plain = lines.Where(line => !line.StartsWith("  __", StringComparison.Ordinal));
        file.Write(Linear, Encoding.UTF8.GetBytes(string.Join('\n', plain)));
        file.Write("code/__torch__.py", [.. file.Read("code/__torch__.py"), .. Encoding.UTF8.GetBytes(further)]);
        file.Save(directory.File("plain.pt"));
        using var fixture = new ScriptFixture(directory.File("plain.pt"));
        using var model = fixture.Open();
        using var instance = await model.RentAsync();

        Assert.Equal(shared, fixture.Entries.Count);
        ScriptExample.Of("custom_class")[0].AssertAnswered(instance);
    }

    private sealed class Lease : IDisposable
    {
        public bool Ended { get; private set; }

        public void Dispose() => Ended = true;
    }
}
