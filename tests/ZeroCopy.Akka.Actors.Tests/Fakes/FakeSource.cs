using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>A source of instances that counts what is out: every test ends with nothing out.</summary>
internal sealed class FakeSource : IInstanceSource
{
    private readonly ThreadLocal<int?> _bound = new(() => -1);
    private int _rented;
    private int _out;
    private int _loads;

    public string Name => "fake";

    public bool Warm { get; init; } = true;

    /// <summary>Runs in every load of an instance that is not warm, with the number of the load.</summary>
    public Func<int, Task> OnLoad { get; init; } = _ => Task.CompletedTask;

    /// <summary>Whether it holds on to the fake tensors that are arguments.</summary>
    public bool Retains { get; init; }

    /// <summary>Whether what follows an await goes to the holder of the instance, and not to the .NET pool.</summary>
    public bool Schedules { get; init; }

    /// <summary>The own references that it took to arguments.</summary>
    public ConcurrentQueue<FakeTensor> Retained { get; } = [];

    /// <summary>The numbers of the instances that were thrown away.</summary>
    public ConcurrentQueue<int> Discarded { get; } = [];

    /// <summary>Runs when an instance is returned.</summary>
    public Action OnReturn { get; set; } = () => { };

    /// <summary>Leases what the instances are made of, for a holder of that name.</summary>
    public Func<string, IDisposable?> OnLease { get; init; } = _ => null;

    /// <summary>Runs before an argument or an answer is released.</summary>
    public Action<object?> OnRelease { get; set; } = _ => { };

    public int Rented => Volatile.Read(ref _rented);

    public int Out => Volatile.Read(ref _out);

    public int Loads => Volatile.Read(ref _loads);

    /// <summary>What the calling thread was bounded to last; -1 where it never was, null for the library's own number.</summary>
    public int? ThreadBound => _bound.Value;

    /// <summary>What somebody has left open on the calling thread.</summary>
    public ThreadLocal<string?> LeftOpen { get; } = new();

    public void BoundThreads(int? threads) => _bound.Value = threads;

    public void RestoreThreads() => _bound.Value = -1;

    public void ResetThread() => LeftOpen.Value = null;

    /// <summary>As if its operators refused an argument with that.</summary>
    public bool IsCausedByInput(Exception thrown) => thrown is FormatException;

    public void Release(object? value)
    {
        OnRelease(value);
        foreach (var held in value as object?[] ?? [value])
        {
            (held as IDisposable)?.Dispose();
        }
    }

    public IDisposable? Lease(string holder) => OnLease(holder);

    public bool TryRent([NotNullWhen(true)] out IModelInstance? instance)
    {
        instance = Warm ? Rent() : null;
        return Warm;
    }

    public async ValueTask<IModelInstance> RentAsync(CancellationToken cancellationToken = default)
    {
        await OnLoad(Interlocked.Increment(ref _loads));
        return Rent();
    }

    public bool TryRetain(ref object? argument, out IDisposable? retained)
    {
        retained = null;
        if (Retains && argument is FakeTensor tensor)
        {
            var own = new FakeTensor(tensor.Rows) { Name = tensor.Name };
            Retained.Enqueue(own);
            argument = retained = own;
        }

        return Retains;
    }

    private FakeInstance Rent()
    {
        Interlocked.Increment(ref _out);
        return new FakeInstance(this, Interlocked.Increment(ref _rented));
    }

    private void Return()
    {
        Interlocked.Decrement(ref _out);
        OnReturn();
    }

    private sealed class FakeInstance(FakeSource source, int number) : IModelInstance
    {
        private int _disposed;

        public object Target { get; } = number;

        public object? Run(ModelFunction function, object? argument)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
            return function(Target, argument);
        }

        public Task<object?> RunAsync(AsyncModelFunction function, object? argument, Action<Action>? schedule)
        {
            var outer = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(source.Schedules ? new Pieces(schedule!) : outer);
            try
            {
                return function(Target, argument);
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(outer);
            }
        }

        public void Dispose()
        {
            Assert.Equal(0, Interlocked.Exchange(ref _disposed, 1));
            source.Return();
        }

        public void Discard()
        {
            source.Discarded.Enqueue(number);
            Dispose();
        }
    }

    private sealed class Pieces(Action<Action> schedule) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => schedule(() => d(state));
    }
}
