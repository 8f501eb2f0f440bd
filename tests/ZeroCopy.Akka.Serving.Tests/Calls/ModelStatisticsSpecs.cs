using Microsoft.Extensions.Time.Testing;
using ZeroCopy.Serving.Calls;
using ZeroCopy.Serving.Tests.Fakes;

namespace ZeroCopy.Serving.Tests.Calls;

public sealed class ModelStatisticsSpecs
{
    [Fact]
    public void ModelStatistics_should_forget_the_model_that_was_answered_longest_ago_when_there_are_very_many()
    {
        var clock = new FakeTimeProvider();
        var statistics = new ModelStatistics(clock);
        for (var model = 0; model < ModelStatistics.Most; model++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            Answer($"model-{model}");
        }

        Answer("another");

        Assert.Equal(0, Answered("model-0"));
        Assert.Equal(1, Answered("model-2"));

        CallCounts Of(string model) => statistics.Of(FakeEndpoint.Identity(model));

        void Answer(string model) => Of(model).Succeeded(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 0);

        long Answered(string model) => Of(model).Read().Success.Count;
    }
}
