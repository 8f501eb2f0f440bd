using ZeroCopy.Bench.Suites.Serve;

namespace ZeroCopy.Bench.Tests.Suites.Serve;

public sealed class UserTraceSpecs
{
    [Fact]
    public void UserTrace_should_send_what_so_many_users_send_between_their_pauses()
    {
        var trace = UserTrace.Of(1000, 60, 10, 12);

        // From the tenth second on a tenth of them a second.
        Assert.InRange(trace.Count, 4800, 5800);
        Assert.Equal(0, trace[0].Second);
        Assert.Equal(trace.OrderBy(message => message.Second), trace);
        Assert.InRange(trace[^1].Second, 50, 60);
    }

    [Fact]
    public void UserTrace_should_send_most_to_few_models()
    {
        var trace = UserTrace.Of(2000, 60, 10, 12);

        var shares = trace.GroupBy(message => message.Model).ToDictionary(model => model.Key, model => (double)model.Count() / trace.Count);

        // Poisson with a mean of 0.3.
        Assert.InRange(shares[0], 0.72, 0.76);
        Assert.InRange(shares[1], 0.20, 0.24);
        Assert.InRange(shares[2], 0.02, 0.05);
        Assert.All(shares.Keys, model => Assert.InRange(model, 0, 11));
    }

    [Fact]
    public void UserTrace_should_be_the_same_each_time() => Assert.Equal(UserTrace.Of(50, 30, 10, 12), UserTrace.Of(50, 30, 10, 12));
}
