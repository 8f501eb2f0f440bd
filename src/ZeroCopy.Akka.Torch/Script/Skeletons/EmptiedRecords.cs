using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>Records of an archive with nothing in the place of tensors, whose values no code sees until it is called.</summary>
internal static class EmptiedRecords
{
    /// <summary>The records that change, by their names with the archive's folder.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="data">Its pickle of the module.</param>
    /// <param name="computesState">Whether the code computes with the module's tensors when it is loaded, so that those stay.</param>
    public static Dictionary<string, byte[]?> Of(ScriptArchive archive, byte[] data, bool computesState)
    {
        var changed = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        Empty("constants", archive.Read(archive.Find("constants.pkl")!));
        if (!computesState)
        {
            Empty("data", data);
        }

        return changed;

        void Empty(string folder, byte[] bytes)
        {
            var pickle = PickleReader.Read(bytes, archive.Path);
            var edits = new PickleEdits(pickle.FreeMemo);
            var quantized = pickle.Tensors.Where(tensor => tensor.IsQuantized).Select(tensor => tensor.Storage.Key)
                .ToHashSet(StringComparer.Ordinal);
            foreach (var tensor in pickle.Tensors.Where(tensor => !quantized.Contains(tensor.Storage.Key)))
            {
                edits.Strip(tensor);
                changed[$"{archive.Root}/{folder}/{tensor.Storage.Key}"] = new byte[16];
            }

            changed[$"{archive.Root}/{folder}.pkl"] = edits.Apply(bytes);
        }
    }
}
