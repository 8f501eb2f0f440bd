using System.Collections.Immutable;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>
/// Names whose models are about to be removed from the store. They are hidden first, so that nobody is sent here for them any more; then
/// their calls are refused, so that those under way are the last ones, and their leases end. Thread-safe.
/// </summary>
internal sealed class Withdrawals
{
    private ImmutableDictionary<Withdrawal, bool> _refuses = ImmutableDictionary<Withdrawal, bool>.Empty;

    /// <summary>What is hidden or refused has changed.</summary>
    public event Action? Changed;

    /// <summary>Whether nothing is hidden.</summary>
    public bool IsEmpty => Volatile.Read(ref _refuses).IsEmpty;

    /// <summary>Hides a name until what is returned is disposed of.</summary>
    /// <param name="name">Name, and version; without one every version.</param>
    public Withdrawal Hide(ModelName name)
    {
        var withdrawal = new Withdrawal(this, name);
        Set(withdrawal, false);
        return withdrawal;
    }

    /// <summary>Whether a version of a name is hidden.</summary>
    public bool Hides(ModelName held)
    {
        var refuses = Volatile.Read(ref _refuses);
        return !refuses.IsEmpty && refuses.Keys.Any(withdrawal => withdrawal.Name.Covers(held));
    }

    /// <summary>Whether calls of a version are refused.</summary>
    public bool Refuses(ModelName held)
    {
        var refuses = Volatile.Read(ref _refuses);
        return !refuses.IsEmpty && refuses.Any(withdrawal => withdrawal.Value && withdrawal.Key.Name.Covers(held));
    }

    /// <exception cref="InferenceException">It is hidden: <see cref="InferenceFailure.ModelNotFound"/>.</exception>
    public void ThrowIfHidden(ModelName held)
    {
        if (Hides(held))
        {
            throw Removing(held);
        }
    }

    /// <summary>What a call of a version that is refused gets.</summary>
    public static InferenceException Removing(ModelName held) =>
        new(InferenceFailure.ModelNotFound, $"{held} is being removed from this node.");

    private void Set(Withdrawal withdrawal, bool refuses)
    {
        ImmutableInterlocked.Update(ref _refuses, all => all.SetItem(withdrawal, refuses));
        Changed?.Invoke();
    }

    private void End(Withdrawal withdrawal)
    {
        ImmutableInterlocked.Update(ref _refuses, all => all.Remove(withdrawal));
        Changed?.Invoke();
    }

    /// <summary>The withdrawal of a name, which one owner ends.</summary>
    internal sealed class Withdrawal(Withdrawals all, ModelName name) : IDisposable
    {
        /// <summary>The name that is withdrawn; without a version every one.</summary>
        public ModelName Name => name;

        /// <summary>Refuses further calls.</summary>
        public void Refuse() => all.Set(this, true);

        /// <summary>What is left of the name is served again.</summary>
        public void Dispose() => all.End(this);
    }
}
