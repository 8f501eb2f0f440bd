using Akka.Configuration;
using Akka.Dispatch;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>
/// Makes the executor that a dispatcher's <c>executor</c> names: its threads are those of Akka's <c>fork-join-executor</c>, which also says how many.
/// </summary>
/// <param name="config">The dispatcher's section.</param>
/// <param name="prerequisites">Akka's.</param>
internal sealed class ComputeExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites) : ExecutorServiceConfigurator(config, prerequisites)
{
    // For dispatchers that do not say.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    /// <exception cref="ConfigurationException"><c>caller-patience</c> is no time to wait.</exception>
    public override ExecutorService Produce(string id)
    {
        var patience = Config.GetTimeSpan("caller-patience", Patience);
        if (patience.TotalMilliseconds > int.MaxValue)
        {
            patience = Timeout.InfiniteTimeSpan;
        }
        else if (patience <= TimeSpan.Zero && patience != Timeout.InfiniteTimeSpan)
        {
            throw new ConfigurationException($"{id}.caller-patience is {patience} but must be a time above zero such as 10ms, or infinite");
        }

        return new ComputeExecutor(id, new Threads(Config, Prerequisites).Executor.Produce(id), patience, TimeProvider.System);
    }

    /// <summary>Akka gives its executors to configurators of dispatchers alone.</summary>
    private sealed class Threads(Config config, IDispatcherPrerequisites prerequisites)
        : MessageDispatcherConfigurator(ConfigurationFactory.ParseString("executor = fork-join-executor").WithFallback(config), prerequisites)
    {
        public ExecutorServiceConfigurator Executor => ConfigureExecutor();

        public override MessageDispatcher Dispatcher() => throw new NotSupportedException("Only the executor is wanted.");
    }
}
