namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>What a function does, as a call of it needs to know. Its arguments are among the <see cref="AbstractObjects"/>.</summary>
internal sealed record Summary
{
    /// <summary>Of one that never returns, or is not looked at yet.</summary>
    public static Summary Nothing { get; } = new();

    /// <summary>Its answer; null where it has none.</summary>
    public AbstractValue? Result { get; init; }

    /// <summary>What is held by the new objects that leave it.</summary>
    public ObjectSet FreshContents { get; init; }

    /// <summary>The arguments that it writes to.</summary>
    public IReadOnlyDictionary<int, Finding> Writes { get; init; } = new Dictionary<int, Finding>();

    /// <summary>What it stores in its arguments, and in the state.</summary>
    public IReadOnlyDictionary<int, ObjectSet> Stores { get; init; } = new Dictionary<int, ObjectSet>();

    /// <summary>What computes over the rows of a call's tensors, the first one that was found; null where nothing does.</summary>
    public Finding? MixesRows { get; init; }

    /// <summary>Whether a call that was analysed with the other one needs no second look.</summary>
    public bool IsLike(Summary other) => Result.Equals(other.Result) && FreshContents.Equals(other.FreshContents)
        && MixesRows is null == other.MixesRows is null
        && Writes.Keys.Order().SequenceEqual(other.Writes.Keys.Order()) && Stores.Count == other.Stores.Count
        && Stores.All(item => other.Stores.TryGetValue(item.Key, out var stored) && stored.Equals(item.Value));
}
