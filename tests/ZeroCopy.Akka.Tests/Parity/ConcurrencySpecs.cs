using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Torch;
using ZeroCopy.Torch.Modules;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

public sealed class ConcurrencySpecs : ParitySpec
{
    public static TheoryData<string, int> Calls => new() { { "transformer", 5 }, { "batch norm", 10 }, { "28 MB mlp", 8 } };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Tasks_should_answer_as_the_model_does_when_they_run_at_once(string name, int calls)
    {
        var model = ModelCases.Get(name);
        using var source = model.Make();
        source.eval();
        using var expected = model.Answer(source);
        using var input = model.Input();
        var tasks = await ModelWrapper.ForTasksAsync(source, host: Host);

        var answers = await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => tasks.CallAsync(input)));

        foreach (var answer in answers)
        {
            Elements.AssertSame(expected, answer);
            answer.Dispose();
        }
    }

    [Fact]
    public async Task Wrapper_should_be_loaded_by_ten_user_tasks_at_once()
    {
        var model = ModelCases.Get("transformer");
        using var source = model.Make();
        source.eval();
        var expected = model.AnswerDigest(source);
        var wrapper = await ModelWrapper.FromModelAsync(source, host: Host);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() =>
        {
            var loaded = wrapper.Load();
            var answer = model.AnswerDigest(loaded);
            ModuleDisposal.Release(loaded);
            return answer;
        })));

        Assert.Equal(expected, Assert.Single(answers.Distinct()));
    }

    [Fact]
    public async Task Handle_should_be_opened_by_ten_user_tasks_at_once()
    {
        var model = ModelCases.Get("transformer");
        using var source = model.Make();
        source.eval();
        var expected = model.AnswerDigest(source);
        var handle = (await ModelWrapper.FromModelAsync(source, host: Host)).ModelReferences["model"];
        var host = Open();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
        {
            var opened = host.Runtime.Open(handle, new OpenOptions<nn.Module<Tensor, Tensor>> { Factory = _ => model.Make() });
            using var instance = await opened.RentAsync();
            using var answer = (Tensor)instance.Run((module, _) => model.Answer((nn.Module<Tensor, Tensor>)module), null)!;
            return ModelCase.Digest(answer);
        })));

        Assert.Equal(expected, Assert.Single(answers.Distinct()));
    }
}
