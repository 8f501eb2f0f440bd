using System.Diagnostics.Metrics;
using ZeroCopy.Actors.Endpoints;
using ZeroCopy.Actors.Tests.Fakes;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Nodes;

namespace ZeroCopy.Actors.Tests.Endpoints;

public sealed class ServedModelsSpecs() : ServedModelsSpec("zerocopy.inference.idle-timeout = 60s")
{
    [Fact]
    public async Task FindAsync_should_find_nothing_where_nothing_is()
    {
        await PutAsync("bert", 1);
        (string Name, int? Version)[] absent =
            [("nobody", null), ("bert", 2), ("bert", 0), ("bert@1", null), ("", null), ("not a name", null)];
        foreach (var (name, version) in absent)
        {
            Assert.Null(await Node.FindAsync(name, version));
        }
    }

    [Fact]
    public async Task FindAsync_should_find_no_model_that_cannot_be_built_here()
    {
        Opener.Refused.Add((await PutAsync("bert", 1)).Id);

        Assert.Null(await Node.FindAsync("bert"));
        Assert.Empty(await Node.ListAsync());
    }

    [Fact]
    public async Task Status_should_tell_the_pools_by_model_and_version()
    {
        var one = await PutAsync("bert", 1);
        var two = await PutAsync("bert", 2);
        await CallAsync(await FindAsync("bert", 1));
        await CallAsync(await FindAsync("bert"));
        await EventuallyAsync(() => Zero.Status.GetPools().All(pool => pool.Pending == 0));

        Assert.Equal(
            [
                new PoolStatus("bert", 1, 1, 1, 0, 4096) { ModelId = one.Id },
                new PoolStatus("bert", 2, 1, 1, 0, 4096) { ModelId = two.Id },
            ],
            Zero.Status.GetPools().AsEnumerable());
    }

    [Fact]
    public void Status_should_tell_nothing_of_a_store_that_is_not_open()
    {
        Assert.Null(Zero.Status.GetStore());
        Assert.Empty(Zero.Status.GetSharing());
    }

    [Fact]
    public async Task ListAsync_should_list_every_version()
    {
        await PutAsync("bert", 1);
        await PutAsync("bert", 2);
        await PutAsync("an-encoder", 3);

        var listed = await Node.ListAsync();

        Assert.Equal([("an-encoder", 1), ("bert", 1), ("bert", 2)], listed.Select(endpoint => (endpoint.Name, endpoint.Version!.Value)));
        Assert.All(listed, endpoint => Assert.Equal(EndpointState.Ready, endpoint.State));
        Assert.Empty(Opener.Opened);
    }

    [Fact]
    public async Task Directory_should_measure_the_states_and_last_errors_of_its_models()
    {
        var name = $"measured-{Guid.NewGuid():N}";
        await PutAsync(name, 1);
        await PutAsync(name, 2);
        await PutAsync(name, 3);
        Opener.OnOpen = model =>
        {
            if (model.Name!.Value.Version == 3)
            {
                throw new InvalidOperationException("no such operator");
            }
        };
        await CallAsync(await FindAsync(name, 2));
        await Assert.ThrowsAsync<InferenceException>(async () => await CallAsync(await FindAsync(name, 3)));

        var measured = new List<(string Instrument, string Version, string Tag)>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("zerocopy.models.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) =>
        {
            if (value == 1 && Equals(tags[0].Value, name))
            {
                measured.Add((instrument.Name, (string)tags[1].Value!, (string)tags[2].Value!));
            }
        });
        meters.Start();
        meters.RecordObservableInstruments();

        Assert.Equal(
            [("1", "idle"), ("2", "ready"), ("3", "failed")],
            measured.Where(one => one.Instrument == "zerocopy.models.state").Select(one => (one.Version, one.Tag)));
        var (_, version, error) = Assert.Single(measured, one => one.Instrument == "zerocopy.models.error");
        Assert.Equal("3", version);
        Assert.Contains("no such operator", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_should_tell_its_signature_without_starting_a_pool()
    {
        await PutAsync("bert", 1);

        var signature = await (await FindAsync("bert")).GetSignatureAsync();

        Assert.Equal(["forward", "embed"], signature.Methods.Select(method => method.Name));
        Assert.Equal(0, Opener.Open);
        Assert.Empty(Zero.Pools);
    }

    [Fact]
    public async Task Endpoint_should_start_one_pool_for_concurrent_first_calls()
    {
        await PutAsync("bert", 1);
        var (named, versioned) = (await FindAsync("bert"), await FindAsync("bert", 1));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => CallAsync(i % 2 == 0 ? named : versioned)));

        Assert.All(answers, version => Assert.Equal(1, version));
        Assert.Single(Opener.Opened);
        Assert.Equal("bert@1", Assert.Single(Zero.Pools).Name);
    }

    [Fact]
    public async Task Endpoint_should_load_its_model_without_a_call_and_free_it_when_asked()
    {
        await PutAsync("bert", 1);
        var named = Assert.IsAssignableFrom<ILoadableEndpoint>(await FindAsync("bert"));

        await named.LoadAsync().WaitAsync(Patience);

        Assert.True(Assert.Single(Zero.Pools).IsReady);
        Assert.Single(Opener.Opened);

        await named.UnloadAsync();

        await EventuallyAsync(() => Opener.Open == 0);
        Assert.Equal(EndpointState.Ready, named.State);
        Assert.Equal(1, await CallAsync(named));
        Assert.Equal(2, Opener.Opened.Count);
    }

    [Fact]
    public async Task Endpoint_should_free_its_model_behind_the_last_call()
    {
        await PutAsync("bert", 1);
        var named = Assert.IsAssignableFrom<ILoadableEndpoint>(await FindAsync("bert"));
        using var running = new SemaphoreSlim(0);
        using var going = new SemaphoreSlim(0);
        Opener.OnRun = _ =>
        {
            running.Release();
            going.Wait(Patience);
        };
        var call = CallAsync(named);
        Assert.True(await running.WaitAsync(Patience));

        await named.UnloadAsync();

        Assert.Equal(1, Opener.Open);
        going.Release();
        Assert.Equal(1, await call);
        await EventuallyAsync(() => Opener.Open == 0);
    }

    [Fact]
    public async Task Endpoint_should_say_why_its_model_cannot_be_loaded()
    {
        await PutAsync("bert", 1);
        Opener.OnOpen = _ => throw new InvalidModelException("No weights.");
        var named = Assert.IsAssignableFrom<ILoadableEndpoint>(await FindAsync("bert"));

        var error = await Assert.ThrowsAsync<InferenceException>(() => named.LoadAsync().WaitAsync(Patience));

        Assert.Equal(InferenceFailure.LoadFailed, error.Failure);
        Assert.Contains("No weights.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_should_not_clash_with_a_pool_of_its_models_name()
    {
        await PutAsync("bert", 1);
        var own = await Zero.CreatePoolAsync("bert@1", new FakeSource(), (_, argument) => argument);

        Assert.Equal(1, await CallAsync(await FindAsync("bert", 1)));
        Assert.Same(own, Zero.Pool("bert@1"));
        await own.DrainAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task FindAsync_should_prefer_a_pool_of_that_name()
    {
        await PutAsync("bert", 1);
        var own = await Zero.CreatePoolAsync("bert", new FakeSource(), new FakeBinder());

        using var answer = await (await FindAsync("bert")).CallAsync("negate", [FakeBinder.Wire(3)]).WaitAsync(Patience);

        Assert.Equal([-3], FakeBinder.Rows(answer.Outputs));
        Assert.Equal(1, (await FindAsync("bert", 1)).Version);
        await own.DrainAsync().WaitAsync(Patience);
        Assert.Equal(1, await CallAsync(await FindAsync("bert")));
    }

    [Fact]
    public async Task Endpoint_should_serve_a_newer_version_once_it_is_ready()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("bert");
        Assert.Equal(1, await CallAsync(endpoint));
        var loading = new TaskCompletionSource();
        Opener.Sources = _ => new FakeSource { Warm = false, OnLoad = _ => loading.Task };
        await PutAsync("bert", 2);

        // The newer one loads; the older answers meanwhile.
        Assert.Equal(1, await CallAsync(endpoint));
        await EventuallyAsync(() => Opener.Opened.Count == 2);
        Assert.Equal(1, await CallAsync(endpoint));
        loading.SetResult();
        await ServedByAsync(endpoint, 2);

        Assert.Equal(2, await CallAsync(endpoint));
        await EventuallyAsync(() => Opener.Open == 1);
        Assert.Equal(1, await CallAsync(await FindAsync("bert", 1)));
    }

    [Fact]
    public async Task Endpoint_should_stay_with_the_old_version_where_the_new_one_cannot_be_loaded()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("bert");
        await CallAsync(endpoint);
        Opener.Sources = _ => new FakeSource { Warm = false, OnLoad = _ => throw new InvalidModelException("broken weights") };
        await PutAsync("bert", 2);

        await CallAsync(endpoint);
        await EventuallyAsync(() => endpoint.LastError is not null);

        Assert.Equal(1, await CallAsync(endpoint));
        Assert.Contains("broken weights", endpoint.LastError, StringComparison.Ordinal);
        Assert.Equal(EndpointState.Ready, endpoint.State);
        var failed = await FailsAsync(InferenceFailure.LoadFailed, CallAsync(await FindAsync("bert", 2)));
        Assert.Contains("broken weights", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_should_answer_with_what_is_known_while_another_process_stops_in_the_middle_of_a_change()
    {
        await PutAsync("bert", 1);
        var (named, versioned) = (await FindAsync("bert"), await FindAsync("bert", 1));
        await CallAsync(named);
        using (Hold())
        {
            var (foundNamed, foundVersioned, listed) = (
                Node.FindAsync("bert").AsTask(), Node.FindAsync("bert", 1).AsTask(), Node.ListAsync().AsTask());
            // On this thread, which for remote calls is their actor's.
            Assert.True(foundNamed.IsCompleted && foundVersioned.IsCompleted && listed.IsCompleted);
            Assert.Same(named, await foundNamed);
            Assert.Same(versioned, await foundVersioned);
            Assert.Equal(1, Assert.Single(await listed).Version);
            Assert.Equal(1, await CallAsync(named));
            Assert.Equal(1, await CallAsync(versioned));
        }

        await PutAsync("bert", 2);
        await CallAsync(named);
        await ServedByAsync(named, 2);
    }

    [Fact]
    public async Task FindAsync_should_wait_without_a_thread_for_who_holds_the_store_where_a_name_is_not_known()
    {
        await PutAsync("bert", 1);
        Assert.Single(await Node.ListAsync());
        using var cancellation = new CancellationTokenSource();
        Task<IModelEndpoint?> cancelled, found;
        using (Hold())
        {
            cancelled = Node.FindAsync("encoder", null, cancellation.Token).AsTask();
            found = Node.FindAsync("decoder").AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
            Assert.False(found.IsCompleted);
        }

        Assert.Null(await found.WaitAsync(Patience));
    }

    [Fact]
    public async Task Endpoint_should_fail_in_a_typed_way_where_its_name_is_not_known_while_the_store_is_held()
    {
        await PutAsync("bert", 1);
        var named = await FindAsync("bert");
        Store.Remove(ModelName.Parse("bert"));
        await FailsAsync(InferenceFailure.ModelNotFound, CallAsync(named));
        using (Hold())
        {
            var failed = await FailsAsync(InferenceFailure.LoadFailed, CallAsync(named));
            Assert.Contains("is held by others", failed.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Endpoint_should_end_its_pool_when_it_was_idle_and_start_it_again_with_the_next_call()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("bert");
        await CallAsync(endpoint);
        Clock.Advance(TimeSpan.FromSeconds(30));
        await CallAsync(endpoint);
        Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, Opener.Open);

        Clock.Advance(TimeSpan.FromSeconds(1));

        await EventuallyAsync(() => Opener.Open == 0 && Zero.Pools.Count == 0);
        Assert.Equal(EndpointState.Ready, endpoint.State);
        Assert.Equal(1, await CallAsync(endpoint));
        Assert.Equal(2, Opener.Opened.Count);
    }

    [Fact]
    public async Task Endpoint_should_be_served_by_what_can_be_loaded_when_its_newest_version_could_not_and_it_was_idle()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("bert");
        Assert.Equal(1, await CallAsync(endpoint));
        Opener.OnOpen = model =>
        {
            if (model.Name!.Value.Version == 2)
            {
                throw new InvalidModelException("No weights.");
            }
        };
        await PutAsync("bert", 2);
        var broken = await FindAsync("bert", 2);
        await FailsAsync(InferenceFailure.LoadFailed, CallAsync(broken));
        Assert.Equal(1, await CallAsync(endpoint));

        Clock.Advance(TimeSpan.FromSeconds(60));
        await EventuallyAsync(() => Opener.Open == 0 && Zero.Pools.Count == 0);

        Assert.Equal(1, await CallAsync(endpoint));
        Opener.OnOpen = _ => { };
        Assert.Equal(2, await CallAsync(broken));
        await ServedByAsync(endpoint, 2);
    }

    [Fact]
    public async Task Endpoint_should_be_served_by_what_can_be_loaded_when_its_newest_version_cannot_from_the_start()
    {
        await PutAsync("bert", 1);
        await PutAsync("bert", 2);
        Opener.OnOpen = model => _ = model.Name!.Value.Version == 2 ? throw new InvalidModelException("No weights.") : 0;
        var endpoint = await FindAsync("bert");
        await FailsAsync(InferenceFailure.LoadFailed, CallAsync(endpoint));

        Assert.Equal(1, await CallAsync(endpoint));

        Assert.Contains("No weights.", endpoint.LastError, StringComparison.Ordinal);
        Assert.Equal((1, EndpointState.Ready), (endpoint.Version, endpoint.State));
    }

    [Fact]
    public async Task Node_should_tell_of_a_model_that_came_back_since_somebody_missed_it()
    {
        await PutAsync("bert", 1);
        Assert.Single(await Node.ListAsync());
        Look();
        Look();
        var changes = 0;
        Node.Changed += () => Interlocked.Increment(ref changes);
        Store.Remove(ModelName.Parse("bert"));
        Assert.Empty(await Node.ListAsync());
        await PutAsync("bert", 1);
        Assert.Equal(0, Volatile.Read(ref changes));

        Look();

        await EventuallyAsync(() => Volatile.Read(ref changes) > 0);
    }

    [Fact]
    public async Task Node_should_forget_a_name_whose_models_are_gone()
    {
        await PutAsync("bert", 1);
        var before = await FindAsync("bert");
        Store.Remove(ModelName.Parse("bert"));
        Look();
        await PutAsync("bert", 2);

        Assert.NotSame(before, await FindAsync("bert"));
        Assert.Equal(await CallAsync(await FindAsync("bert")), await CallAsync(before));
    }

    [Fact]
    public async Task Node_should_give_memory_back_when_pools_have_ended()
    {
        await PutAsync("bert", 1);
        await CallAsync(await FindAsync("bert"));
        Look();
        Assert.Empty(Opener.Released);

        Clock.Advance(TimeSpan.FromSeconds(60));
        await EventuallyAsync(() => Opener.Open == 0);

        await EventuallyAsync(() =>
        {
            Look();
            return !Opener.Released.IsEmpty;
        });
        Look();
        Assert.Equal([0], Opener.Released);
    }

    [Fact]
    public async Task Endpoint_should_not_end_its_pool_under_a_call()
    {
        await PutAsync("bert", 1);
        using var gate = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        Opener.OnRun = _ =>
        {
            entered.Release();
            Assert.True(gate.Wait(Patience));
        };
        var endpoint = await FindAsync("bert");
        var call = CallAsync(endpoint);
        await entered.WaitAsync(Patience);

        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, Opener.Open);
        gate.Set();

        Assert.Equal(1, await call);
    }

    [Fact]
    public async Task Endpoint_should_say_that_its_model_was_removed()
    {
        var model = await PutAsync("bert", 1);
        var endpoint = await FindAsync("bert");
        Assert.Equal(1, await CallAsync(endpoint));
        Store.Remove(model.Id);

        await FailsAsync(InferenceFailure.ModelNotFound, CallAsync(endpoint));
        await FailsAsync(InferenceFailure.ModelNotFound, endpoint.GetSignatureAsync());
        Assert.Null(await Node.FindAsync("bert"));
        await EventuallyAsync(() => Opener.Open == 0);
    }

    [Fact]
    public async Task Changed_should_tell_of_models_that_come_and_go_and_of_pools_that_are_ready()
    {
        var changes = 0;
        Node.Changed += () => Interlocked.Increment(ref changes);
        var model = await PutAsync("bert", 1);
        await SeenAsync(Look);
        await SeenAsync(() => _ = CallAsync(FindAsync("bert").Result));
        Store.Remove(model.Id);
        await SeenAsync(Look);

        async Task SeenAsync(Action act)
        {
            var before = Volatile.Read(ref changes);
            act();
            await EventuallyAsync(() => Volatile.Read(ref changes) > before);
        }
    }

    [Fact]
    public async Task Calls_should_end_typed_when_the_node_shuts_down()
    {
        await PutAsync("bert", 1);
        var endpoint = await FindAsync("bert");
        await CallAsync(endpoint);

        await Akka.Actor.CoordinatedShutdown.Get(Sys).Run(Akka.Actor.CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(Patience);

        await FailsAsync(InferenceFailure.ShuttingDown, CallAsync(endpoint));
    }

    [Fact]
    public async Task First_call_should_wait_for_its_pool_no_longer_than_its_deadline()
    {
        await PutAsync("bert", 1);
        using var opening = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        Opener.OnOpen = _ =>
        {
            entered.Release();
            Assert.True(opening.Wait(Patience));
        };
        var endpoint = await FindAsync("bert");
        var late = CallAsync(endpoint, options: new CallOptions { Deadline = TimeSpan.FromSeconds(1) });
        var patient = CallAsync(endpoint);
        await entered.WaitAsync(Patience);
        Assert.Equal(EndpointState.Loading, endpoint.State);

        Clock.Advance(TimeSpan.FromSeconds(1));

        await FailsAsync(InferenceFailure.DeadlineExceeded, late);
        opening.Set();
        Assert.Equal(1, await patient);
    }

    [Fact]
    public async Task A_model_that_cannot_be_opened_should_fail_its_calls_and_be_tried_by_the_next()
    {
        await PutAsync("bert", 1);
        Opener.OnOpen = _ => throw new RecipeUnavailableException("nobody knows it");
        var endpoint = await FindAsync("bert");

        var failed = await FailsAsync(InferenceFailure.LoadFailed, CallAsync(endpoint));
        Assert.Contains("nobody knows it", failed.Message, StringComparison.Ordinal);
        Assert.Equal(EndpointState.Failed, endpoint.State);
        Assert.Contains("nobody knows it", endpoint.LastError, StringComparison.Ordinal);
        Opener.OnOpen = _ => { };

        Assert.Equal(1, await CallAsync(endpoint));
        Assert.Equal(EndpointState.Ready, endpoint.State);
        Assert.Null(endpoint.LastError);
    }

    [Fact]
    public async Task Endpoint_should_load_behind_many_models_that_cannot_be_opened_or_loaded()
    {
        var broken = new List<Task>();
        await PutAsync("good", 1);
        Opener.OnOpen = model => Assert.NotEqual("unopened", model.Name!.Value.Name);
        Opener.Sources = model => new FakeSource
        {
            Warm = model.Name!.Value.Name != "unloaded",
            OnLoad = _ => Task.FromException(new InvalidOperationException("broken")),
        };
        foreach (var name in (string[])["unopened", "unloaded"])
        {
            for (var version = 1; version <= LoadTurns.Default + 1; version++)
            {
                await PutAsync(name, version);
                broken.Add(FailsAsync(InferenceFailure.LoadFailed, CallAsync(await FindAsync(name, version))));
            }
        }

        Assert.Equal(1, await CallAsync(await FindAsync("good")));
        await Task.WhenAll(broken).WaitAsync(Patience);
    }

    [Fact]
    public async Task Model_should_be_ready_while_a_pool_of_it_ends_as_the_next_call_starts_another()
    {
        using var entered = new SemaphoreSlim(0);
        using var gate = new ManualResetEventSlim();
        Opener.OnRun = _ =>
        {
            entered.Release();
            Assert.True(gate.Wait(Patience));
        };
        await PutAsync("model", 1);
        var endpoint = await FindAsync("model", 1);
        var held = CallAsync(endpoint);
        Assert.True(await entered.WaitAsync(Patience));

        var drain = Assert.Single(Zero.Pools).DrainAsync(Timeout.InfiniteTimeSpan);

        Assert.Equal(EndpointState.Ready, endpoint.State);
        var next = CallAsync(endpoint);
        gate.Set();
        Assert.All(await Task.WhenAll(held, next).WaitAsync(Patience), version => Assert.Equal(1, version));
        await drain.WaitAsync(Patience);
    }
}
