using ZeroCopy.Actors.Settings;
using ZeroCopy.Actors.Tests.Endpoints;

namespace ZeroCopy.Actors.Tests.Dispatch;

/// <summary>A dispatcher is Akka's to read, and one that it refuses is refused before calls come.</summary>
public sealed class DispatcherSettingsSpecs() : ServedModelsSpec("zerocopy.inference.dispatcher.executor = nope")
{
    [Fact]
    public void Node_should_not_serve_when_the_dispatcher_of_pools_is_none()
    {
        var problem = Assert.Single(Assert.Throws<InvalidSettingsException>(() => Node).Problems);

        Assert.StartsWith("zerocopy.inference.dispatcher is no dispatcher: ", problem, StringComparison.Ordinal);
        Assert.Contains("nope", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Node_should_not_serve_when_the_number_of_its_threads_is_none()
    {
        using var system = Akka.Actor.ActorSystem.Create(
            "spec", """
            zerocopy.inference.dispatcher.fork-join-executor.parallelism-min = many
            akka { loglevel = OFF, stdout-loglevel = OFF }
            """);

        var thrown = Assert.Throws<InvalidSettingsException>(() => ZeroCopySystem.For(system).Serve(Store, Opener));

        Assert.StartsWith("zerocopy.inference.dispatcher is no dispatcher: ", Assert.Single(thrown.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroCopySystem_should_not_start_when_the_dispatcher_of_tasks_is_none()
    {
        using var system = Akka.Actor.ActorSystem.Create(
            "spec", "zerocopy.tasks.dispatcher.executor = nope, akka { loglevel = OFF, stdout-loglevel = OFF }");

        var problem = Assert.Single(Assert.Throws<InvalidSettingsException>(() => ZeroCopySystem.For(system)).Problems);

        Assert.StartsWith("zerocopy.tasks.dispatcher is no dispatcher: ", problem, StringComparison.Ordinal);
    }
}
