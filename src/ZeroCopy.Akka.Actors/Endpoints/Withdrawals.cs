using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// Names whose models are about to be removed from the store: they get no further calls, so that those under way are the last ones, and
/// their leases end. Thread-safe.
/// </summary>
internal sealed class Withdrawals
{
    private ImmutableList<ModelName> _names = [];

    /// <summary>A name was withdrawn, or is served again if it is still there.</summary>
    public event Action? Changed;

    /// <summary>Withdraws a name until what is returned is disposed of.</summary>
    /// <param name="name">Name, and version; without one every version.</param>
    public IDisposable Begin(ModelName name)
    {
        ImmutableInterlocked.Update(ref _names, names => names.Add(name));
        Changed?.Invoke();
        return new Withdrawal(this, name);
    }

    /// <summary>Whether a version of a name is withdrawn.</summary>
    public bool Has(ModelName held)
    {
        var names = Volatile.Read(ref _names);
        return !names.IsEmpty && names.Exists(name => name.Name == held.Name && (name.Version is null || name.Version == held.Version));
    }

    /// <exception cref="InferenceException">It is withdrawn: <see cref="InferenceFailure.ModelNotFound"/>.</exception>
    public void ThrowIfWithdrawn(ModelName held)
    {
        if (Has(held))
        {
            throw new InferenceException(InferenceFailure.ModelNotFound, $"{held} is being removed from this node.");
        }
    }

    private void End(ModelName name)
    {
        ImmutableInterlocked.Update(ref _names, names => names.Remove(name));
        Changed?.Invoke();
    }

    private sealed class Withdrawal(Withdrawals all, ModelName name) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                all.End(name);
            }
        }
    }
}
