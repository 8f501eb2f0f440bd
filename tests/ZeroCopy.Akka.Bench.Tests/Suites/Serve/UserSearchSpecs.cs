using ZeroCopy.Bench.Suites.Serve;

namespace ZeroCopy.Bench.Tests.Suites.Serve;

public sealed class UserSearchSpecs
{
    [Theory]
    [InlineData(100, 100)]
    [InlineData(100, 37)]
    [InlineData(100, 411)]
    [InlineData(3, 1)]
    [InlineData(1, 12)]
    [InlineData(90, 0)]
    public async Task UserSearch_should_find_the_most_that_are_served(int guess, int served)
    {
        var found = await UserSearch.FindAsync(guess, 0.01, 1000, users => Task.FromResult(users <= served));

        Assert.Equal(served, found);
    }

    [Fact]
    public async Task UserSearch_should_look_no_further_than_it_may() =>
        Assert.Equal(20, await UserSearch.FindAsync(15, 0.01, 20, users =>
        {
            Assert.InRange(users, 1, 20);
            return Task.FromResult(true);
        }));

    [Fact]
    public async Task UserSearch_should_end_when_it_is_near_enough()
    {
        List<int> tried = [];

        var found = await UserSearch.FindAsync(100, 0.1, 1000, users =>
        {
            tried.Add(users);
            return Task.FromResult(users <= 117);
        });

        Assert.InRange(found, 107, 117);
        Assert.InRange(tried.Count, 1, 5);
    }
}
