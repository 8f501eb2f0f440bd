using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Tests.Endpoints;

/// <summary>Names whose newest version is about to be removed.</summary>
public abstract class WithdrawnVersionSpecs(string hocon) : ServedModelsSpec(hocon)
{
    [Theory]
    [InlineData(2)]
    // Both versions are the same model.
    [InlineData(1)]
    public async Task A_name_should_answer_by_what_is_left_while_a_call_of_its_withdrawn_version_runs(int seed)
    {
        await PutAsync("bert", 1);
        var newest = (await PutAsync("bert@2", seed)).Name!.Value;
        var named = await FindAsync("bert");

        await WhileWithdrawnAsync(named, newest, async () => Assert.Equal(1, await CallAsync(named)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task A_name_should_answer_by_a_version_again_that_was_not_removed(int seed)
    {
        await PutAsync("bert", 1);
        var newest = (await PutAsync("bert@2", seed)).Name!.Value;
        var named = await FindAsync("bert");
        await WhileWithdrawnAsync(named, newest, async () => Assert.Equal(1, await CallAsync(named)));

        await CallAsync(named);

        await ServedByAsync(named, 2);
        Assert.Equal(2, await CallAsync(named));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task A_name_should_answer_by_what_is_left_where_nobody_called_it_while_its_version_was_removed(int seed)
    {
        await PutAsync("bert", 1);
        var newest = (await PutAsync("bert@2", seed)).Name!.Value;
        var named = await FindAsync("bert");
        Assert.Equal(2, await CallAsync(named));
        using (var withdrawal = Zero.Withdrawals.Hide(newest))
        {
            withdrawal.Refuse();
            Store.Remove(newest);
        }

        Assert.Equal(1, await CallAsync(named));
        Assert.Equal(1, named.Version);
    }

    [Fact]
    public async Task A_name_should_be_gone_while_a_call_of_its_only_version_that_is_withdrawn_runs()
    {
        var only = (await PutAsync("bert", 1)).Name!.Value;
        var named = await FindAsync("bert");

        await WhileWithdrawnAsync(named, only, async () =>
        {
            var failure = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(named));
            Assert.Equal(InferenceFailure.ModelNotFound, failure.Failure);
        });
    }

    /// <summary>Looks at a name whose version is withdrawn while it runs a call, which that version answers all the same.</summary>
    private async Task WhileWithdrawnAsync(IModelEndpoint named, ModelName withdrawn, Func<Task> look)
    {
        using var began = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Opener.OnRun = version =>
        {
            if (version == withdrawn.Version)
            {
                began.Set();
                Assert.True(goOn.Wait(Patience));
            }
        };
        var running = CallAsync(named);
        Assert.True(began.Wait(Patience));
        using (var withdrawal = Zero.Withdrawals.Hide(withdrawn))
        {
            withdrawal.Refuse();

            await look();
        }

        Opener.OnRun = _ => { };
        goOn.Set();
        Assert.Equal(withdrawn.Version, await running);
    }
}

/// <inheritdoc/>
public sealed class WithdrawnVersionOfFollowedNameSpecs() : WithdrawnVersionSpecs("");

/// <inheritdoc/>
public sealed class WithdrawnVersionOfNameThatNobodyFollowsSpecs() : WithdrawnVersionSpecs("zerocopy.inference.pool-defaults.follow = off");
