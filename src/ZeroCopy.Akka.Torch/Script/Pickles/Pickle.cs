namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>What a pickle of a TorchScript archive holds.</summary>
/// <param name="Root">Its value.</param>
/// <param name="Tensors">All tensors, in the order in which they are written.</param>
/// <param name="Sparse">All sparse tensors; their parts are among <paramref name="Tensors"/>.</param>
/// <param name="Globals">All names of classes and functions, in the order in which they are written.</param>
/// <param name="FreeMemo">From this place on nothing is remembered in the reader's memo.</param>
internal sealed record Pickle(
    object? Root,
    IReadOnlyList<PickleTensor> Tensors,
    IReadOnlyList<PickleSparse> Sparse,
    IReadOnlyList<PickleGlobal> Globals,
    uint FreeMemo);
