using ZeroCopy.Store;

namespace ZeroCopy.TestSupport;

/// <summary>
/// Remembers what this process holds of all stores and finds what was added since. Counters are the process's: tests that use it must not
/// run beside tests that map segments.
/// </summary>
public sealed class LeakCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly int _mappings;
    private readonly long _references;

    public LeakCheck()
    {
        // What earlier tests left to the collector must not go in the middle of this one. At the end nothing is collected: that would hide
        // a leak.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _mappings = StoreDiagnostics.LiveMappings;
        _references = StoreDiagnostics.RetainedReferences;
    }

    /// <summary>Mappings that were added since; negative where older ones went.</summary>
    public int LeakedMappings => StoreDiagnostics.LiveMappings - _mappings;

    /// <summary>Retained references that were added since; negative where older ones went.</summary>
    public long LeakedReferences => StoreDiagnostics.RetainedReferences - _references;

    /// <summary>
    /// As <see cref="Verify"/>, for specs whose tensors TorchSharp leaves to the collector: collects until nothing is left, and fails where
    /// that does not come to be. One round is not always enough, as a thread may still have on its stack what it used last.
    /// </summary>
    public void VerifyCollected()
    {
        SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return LeakedMappings <= 0 && LeakedReferences <= 0;
            },
            Patience);
        Verify();
    }

    /// <summary>Throws where anything that was mapped or retained since is still held; what earlier tests held may go late.</summary>
    public void Verify()
    {
        if (LeakedMappings > 0 || LeakedReferences > 0)
        {
            throw new InvalidOperationException($"{LeakedMappings} mappings and {LeakedReferences} retained references were left behind.");
        }
    }
}
