using System.Buffers.Binary;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Script.Skeletons;

/// <summary>Checks sparse tensors of an archive, for libtorch believes their indices and computes with what they point to.</summary>
internal static class SparseIndices
{
    // As many as tensors of libtorch have.
    private const long MaxDimensions = 64;

    /// <exception cref="InvalidModelException">An index is outside of its tensor, or the tensor has a form that is not taken.</exception>
    public static void Require(
        ScriptArchive archive, string folder, IEnumerable<PickleSparse> tensors, IReadOnlyDictionary<PickleSparse, string> names)
    {
        foreach (var tensor in tensors)
        {
            var name = names.TryGetValue(tensor, out var known) ? $"tensor '{known}'" : "a tensor";
            if (tensor is not { Layout: PickleSparse.Coordinates, Indices: { } indices, Values: { } values })
            {
                throw ZipDirectory.Invalid(
                    archive.Path,
                    $"{name} is sparse by compressed rows or columns, which is not taken; register it as to_dense() or to_sparse_coo()");
            }

            if (!Fits(archive, folder, tensor.Shape, indices, values))
            {
                throw ZipDirectory.Invalid(
                    archive.Path, $"{name} is sparse, and has indices or values that do not fit [{string.Join(", ", tensor.Shape)}]");
            }
        }
    }

    private static bool Fits(ScriptArchive archive, string folder, IReadOnlyList<long> shape, PickleTensor indices, PickleTensor values)
    {
        if (indices.Storage.Type.DType != DType.Int64
            || indices.IsQuantized
            || values.IsQuantized
            || indices.Sizes is not [var rows, var count]
            || values.Sizes.Length == 0 || values.Sizes[0] != count || shape.Any(size => size < 0)
            || rows + values.Sizes.Length - 1 != shape.Count || !values.Sizes.Skip(1).SequenceEqual(shape.Skip((int)rows)))
        {
            return false;
        }

        if (rows == 0 || count == 0)
        {
            return true;
        }

        // Strides that go over the same elements again might make any number of indices; PyTorch expands one row for some dimensions.
        if (rows > MaxDimensions || count > indices.Storage.Count.Value)
        {
            return false;
        }

        var bytes = archive.Read(archive.Find($"{folder}/{indices.Storage.Key}")!);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0L; column < count; column++)
            {
                var at = indices.Offset.Value + (row * indices.Steps[0]) + (column * indices.Steps[1]);
                var index = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)(at * sizeof(long))));
                if (index < 0 || index >= shape[row])
                {
                    return false;
                }
            }
        }

        return true;
    }
}
