using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;

namespace ZeroCopy.Actors.Tests.Endpoints;

public sealed class DeclaredPoolSpecs() : ServedModelsSpec("""
    zerocopy.inference.pools {
      newest { model = bert, method = embed, size = 2 }
      first { model = bert, follow = off }
      second { model = "bert@2" }
    }
    """)
{
    [Fact]
    public async Task Pool_should_be_warm_before_its_first_call()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("newest");

        await EventuallyAsync(() => endpoint.State == EndpointState.Ready);

        Assert.Equal(("newest", 1), (endpoint.Name, endpoint.Version));
        Assert.Equal("embed", (await endpoint.GetSignatureAsync()).Default);
        Assert.Equal(1, await CallAsync(endpoint));
        Assert.Equal(["first", "newest"], Zero.Pools.Select(pool => pool.Name).Order());
    }

    [Fact]
    public async Task Pool_should_wait_for_a_model_that_is_not_there_yet()
    {
        var endpoint = await FindAsync("second");
        Assert.Equal(EndpointState.Failed, endpoint.State);
        await FailsAsync(InferenceFailure.ModelNotFound, CallAsync(endpoint));
        await PutAsync("bert", 1);
        await PutAsync("bert", 2);

        Look();

        await EventuallyAsync(() => endpoint.State == EndpointState.Ready);
        Assert.Equal(2, await CallAsync(endpoint));
    }

    [Fact]
    public async Task Pool_should_follow_the_newest_version_where_its_settings_say_so()
    {
        await PutAsync("bert", 1);
        var (newest, first) = (await FindAsync("newest"), await FindAsync("first"));
        await EventuallyAsync(() => newest.State == EndpointState.Ready && first.State == EndpointState.Ready);
        await PutAsync("bert", 2);

        Look();
        await ServedByAsync(newest, 2);

        Assert.Equal((2, 1), (await CallAsync(newest), await CallAsync(first)));
    }

    [Fact]
    public async Task Pool_should_be_served_by_the_newest_version_that_can_be_loaded()
    {
        var broken = new HashSet<int?> { 2, 3 };
        Opener.OnOpen = model =>
        {
            if (broken.Contains(model.Name!.Value.Version))
            {
                throw new InvalidModelException($"Version {model.Name.Value.Version} has no weights.");
            }
        };
        for (var seed = 1; seed <= 3; seed++)
        {
            await PutAsync("bert", seed);
        }

        var endpoint = await FindAsync("newest");
        await EventuallyAsync(() =>
        {
            Look();
            return endpoint is { State: EndpointState.Ready, Version: 1 };
        });
        Assert.Equal(1, await CallAsync(endpoint));
        Assert.Contains("Version 3 has no weights.", endpoint.LastError, StringComparison.Ordinal);

        broken.Clear();
        await EventuallyAsync(() =>
        {
            Look();
            return endpoint.Version == 3;
        });
        Assert.Equal(3, await CallAsync(endpoint));
    }

    [Fact]
    public async Task Pool_should_say_why_none_of_its_versions_can_be_loaded()
    {
        Opener.OnOpen = model => throw new InvalidModelException($"Version {model.Name!.Value.Version} has no weights.");
        await PutAsync("bert", 1);
        await PutAsync("bert", 2);
        var endpoint = await FindAsync("newest");
        await EventuallyAsync(() =>
        {
            Look();
            return Opener.Opened.Any(model => model.Name!.Value.Version == 1);
        });

        // It is the newest that is tried on.
        await EventuallyAsync(() =>
        {
            Look();
            return endpoint is { State: EndpointState.Failed, Version: 2, LastError: not null };
        });
        Assert.Contains("Version 2 has no weights.", endpoint.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_should_not_fail_while_a_newer_version_takes_over()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("newest");
        await EventuallyAsync(() => endpoint.State == EndpointState.Ready);
        var answers = Task.Run(async () =>
        {
            var versions = new List<int>();
            while (versions.Count == 0 || versions[^1] < 3)
            {
                versions.AddRange(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CallAsync(endpoint))));
            }

            return versions;
        });
        foreach (var version in new[] { 2, 3 })
        {
            await PutAsync("bert", version);
            Look();
            await ServedByAsync(endpoint, version);
        }

        Assert.Equal(3, (await answers.WaitAsync(Patience))[^1]);
        await EventuallyAsync(() => Zero.Pools.Count(pool => pool.Name == "newest") == 1);
    }

    [Fact]
    public async Task Pool_should_not_be_looked_at_when_a_model_of_another_name_loads()
    {
        await PutAsync("bert", 1);
        var declared = Assert.IsType<NamedEndpoint>(await FindAsync("newest"));
        await EventuallyAsync(() => declared.State == EndpointState.Ready);
        using var entered = new ManualResetEventSlim();
        using var called = new ManualResetEventSlim();
        var holding = Task.Run(() => declared.IsDeclaredFor(_ =>
        {
            entered.Set();
            return called.Wait(Patience);
        }));
        Assert.True(entered.Wait(Patience));
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Node.Changed += () => changed.TrySetResult();

        try
        {
            Assert.Equal(1, await CallAsync(await FindAsync("bert", 1)));
            await changed.Task.WaitAsync(Patience);
        }
        finally
        {
            called.Set();
        }

        Assert.True(await holding.WaitAsync(Patience));
    }

    [Fact]
    public async Task Pool_should_not_be_made_in_code_too()
    {
        var thrown = await Assert.ThrowsAsync<ArgumentException>(
            () => Zero.CreatePoolAsync("newest", new FakeSource(), (_, argument) => argument));

        Assert.Contains("zerocopy.inference.pools.newest.model is 'bert'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListAsync_should_list_a_pool_beside_the_versions_of_its_model()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("newest");
        await EventuallyAsync(() => endpoint.Version == 1);

        var listed = await Node.ListAsync();

        Assert.Equal([("bert", 1), ("first", 1), ("newest", 1), ("second", null)], listed.Select(found => (found.Name, found.Version)));
    }

    [Fact]
    public async Task Pool_should_say_that_its_model_has_no_such_method()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("newest");
        await EventuallyAsync(() => endpoint.State == EndpointState.Ready);

        await FailsAsync(InferenceFailure.MethodNotFound, CallAsync(endpoint, "nothing"));
    }
}
