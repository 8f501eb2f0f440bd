using ZeroCopy.Errors;

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
        using var began = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Opener.OnRun = version =>
        {
            if (version == 2)
            {
                began.Set();
                Assert.True(goOn.Wait(Patience));
            }
        };
        var running = CallAsync(named);
        Assert.True(began.Wait(Patience));

        using (var withdrawal = Zero.Withdrawals.Hide(newest))
        {
            withdrawal.Refuse();

            Assert.Equal(1, await CallAsync(named));
        }

        goOn.Set();
        Assert.Equal(2, await running);
    }

    [Fact]
    public async Task A_name_should_be_gone_while_a_call_of_its_only_version_that_is_withdrawn_runs()
    {
        var only = (await PutAsync("bert", 1)).Name!.Value;
        var named = await FindAsync("bert");
        using var began = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Opener.OnRun = _ =>
        {
            began.Set();
            Assert.True(goOn.Wait(Patience));
        };
        var running = CallAsync(named);
        Assert.True(began.Wait(Patience));

        using (var withdrawal = Zero.Withdrawals.Hide(only))
        {
            withdrawal.Refuse();

            var failure = await Assert.ThrowsAsync<InferenceException>(() => CallAsync(named));
            Assert.Equal(InferenceFailure.ModelNotFound, failure.Failure);
        }

        goOn.Set();
        Assert.Equal(1, await running);
    }
}

/// <inheritdoc/>
public sealed class WithdrawnVersionOfFollowedNameSpecs() : WithdrawnVersionSpecs("");

/// <inheritdoc/>
public sealed class WithdrawnVersionOfNameThatNobodyFollowsSpecs() : WithdrawnVersionSpecs("zerocopy.inference.pool-defaults.follow = off");
