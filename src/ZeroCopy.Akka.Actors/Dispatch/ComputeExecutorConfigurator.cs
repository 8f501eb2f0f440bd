using Akka.Configuration;
using Akka.Dispatch;
using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Dispatch;

/// <summary>
/// Makes the executor that a dispatcher's <c>executor</c> names: its threads are those of Akka's <c>fork-join-executor</c>, which also says
/// how many.
/// </summary>
/// <param name="config">The dispatcher's section.</param>
/// <param name="prerequisites">Akka's.</param>
internal sealed class ComputeExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    // Read at once, so that what is wrong with it is said when the dispatcher is looked up.
    private readonly ExecutorServiceConfigurator _threads = new Threads(config, prerequisites).Executor;

    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new ComputeExecutor(
        id,
        _threads.Produce(id),
        keepsCallers: Config.GetString(InferenceSettings.CallersKey, "") == InferenceSettings.ComputeThreads);

    /// <summary>Akka gives its executors to configurators of dispatchers alone.</summary>
    private sealed class Threads(Config config, IDispatcherPrerequisites prerequisites)
        : MessageDispatcherConfigurator(
            ConfigurationFactory.ParseString("executor = fork-join-executor").WithFallback(config), prerequisites)
    {
        public ExecutorServiceConfigurator Executor => ConfigureExecutor();

        public override MessageDispatcher Dispatcher() => throw new NotSupportedException("Only the executor is wanted.");
    }
}
