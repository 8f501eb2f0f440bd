using TorchSharp;
using ZeroCopy.Torch.Endpoints;

namespace ZeroCopy.Torch.Tests.Endpoints;

public sealed class LentTensorsSpecs : IDisposable
{
    private const long Large = (LentTensors.CopiedAnyway / sizeof(float)) + 1;
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly State _model;

    public LentTensorsSpecs() => _model = new State();

    [Fact]
    public void LentTensors_should_hand_a_large_answer_of_the_calls_own_on()
    {
        var answer = torch.ones(Large);

        Assert.Same(answer, LentTensors.Copy(answer, _model));
    }

    [Fact]
    public void LentTensors_should_copy_a_large_view_of_what_the_model_holds()
    {
        var answer = Assert.IsType<torch.Tensor>(LentTensors.Copy(_model.Held.view(-1, 1), _model));

        _model.Held.add_(1);
        Assert.Equal(1, answer.max().item<float>());
    }

    [Fact]
    public void LentTensors_should_copy_all_parts_where_one_of_a_large_answer_is_the_models()
    {
        var own = torch.ones(Large);

        var answer = Assert.IsType<Dictionary<string, object>>(LentTensors.Copy((own, _model.Held[0]), _model));

        _model.Held.add_(1);
        own.add_(1);
        Assert.All(answer.Values, part => Assert.Equal(1, ((torch.Tensor)part).max().item<float>()));
    }

    [Fact]
    public void LentTensors_should_copy_what_is_small()
    {
        var answers = new[] { torch.ones(2), torch.ones(3) };

        var copies = Assert.IsType<Dictionary<string, object>>(LentTensors.Copy(answers, new object()));

        Array.ForEach(answers, answer => answer.add_(1));
        Assert.Equal(["output_0", "output_1"], copies.Keys.Order());
        Assert.All(copies.Values, part => Assert.Equal(1, ((torch.Tensor)part).max().item<float>()));
    }

    [Fact]
    public void LentTensors_should_leave_what_holds_no_tensors()
    {
        object[] answers = ["text", 5L, new Dictionary<string, object>()];

        Assert.All(answers, answer => Assert.Same(answer, LentTensors.Copy(answer, _model)));
    }

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    private sealed class State() : torch.nn.Module("state")
    {
        public torch.Tensor Held { get; } = torch.ones(Large);
    }
}
