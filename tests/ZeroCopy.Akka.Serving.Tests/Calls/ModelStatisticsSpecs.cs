using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Calls;

public sealed class ModelStatisticsSpecs
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ModelStatistics _statistics;

    public ModelStatisticsSpecs() => _statistics = new ModelStatistics(_clock);

    [Fact]
    public void ModelStatistics_should_forget_the_model_that_was_called_longest_ago_when_there_are_very_many()
    {
        AnswerAll();

        Answer("another");

        Assert.Equal((0, 1, 1), (Answered("model-0"), Answered("model-1"), Answered("another")));
    }

    [Fact]
    public void ModelStatistics_should_keep_a_model_whose_last_call_failed()
    {
        AnswerAll();
        Of("model-0").Failed(TimeSpan.Zero);

        Answer("another");

        Assert.Equal((1, 0), (Answered("model-0"), Answered("model-1")));
    }

    [Fact]
    public void ModelStatistics_should_forget_nothing_when_models_are_read_that_were_never_called()
    {
        AnswerAll();

        Assert.Equal(default, _statistics.Read(FakeEndpoint.Identity("another")));

        Assert.Equal(1, Answered("model-0"));
    }

    /// <summary>Answers a call of each of as many models as are counted, one after the other.</summary>
    private void AnswerAll()
    {
        for (var model = 0; model < ModelStatistics.Most; model++)
        {
            Answer($"model-{model}");
        }
    }

    private void Answer(string model)
    {
        Of(model).Succeeded(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 0);
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private CallCounts Of(string model) => _statistics.Of(FakeEndpoint.Identity(model), 1);

    private long Answered(string model) => _statistics.Read(FakeEndpoint.Identity(model)).Success.Count;
}
