namespace ZeroCopy.Node.Tests.Faults;

/// <summary>Specs of faults, one at a time: what others compute beside them would look like one.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultCollection
{
    public const string Name = "faults";
}
