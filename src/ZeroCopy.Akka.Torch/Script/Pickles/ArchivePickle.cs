using ZeroCopy.Errors;
using ZeroCopy.Torch.Script.Archives;

namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>
/// The pickles of an archive, with tensors that lie in records beside them: every one fits its record, for libtorch does not look.
/// </summary>
internal static class ArchivePickle
{
    /// <summary>Reads a pickle of an archive whose tensors are records of the given folder.</summary>
    /// <exception cref="InvalidModelException">A tensor lies outside of its record, or the pickle is corrupt.</exception>
    public static Pickle Read(ScriptArchive archive, byte[] bytes, string folder)
    {
        var pickle = PickleReader.Read(bytes, archive.Path);
        foreach (var tensor in pickle.Tensors)
        {
            var record = $"{folder}/{tensor.Storage.Key}";
            if (tensor.Sizes.Any(size => size < 0) || tensor.Steps.Length != tensor.Sizes.Length || tensor.Steps.Any(step => step < 0)
                || tensor.Offset.Value < 0 || tensor.Storage.Count.Value < 0)
            {
                throw ZipDirectory.Invalid(archive.Path, $"a tensor in record {record} has a negative size, stride or offset");
            }

            var length = archive.Find(record)?.Length ?? 0;
            if (!Fits(tensor, length))
            {
                throw ZipDirectory.Invalid(archive.Path, $"a tensor does not fit its record {record} of {length} bytes");
            }
        }

        return pickle;
    }

    private static bool Fits(PickleTensor tensor, long length)
    {
        var (type, count) = (tensor.Storage.Type, tensor.Storage.Count.Value);
        try
        {
            checked
            {
                // Strides of zero make any number of elements of one; their bytes are to be a number still.
                _ = tensor.Sizes.Aggregate((long)type.Bytes, (bytes, size) => bytes * Math.Max(1, size));
                var last = tensor.Sizes.Any(size => size == 0)
                    ? 0 : tensor.Offset.Value + 1 + tensor.Sizes.Zip(tensor.Steps, (size, step) => (size - 1) * step).Sum();
                return last <= count * type.Elements && count * type.Bytes <= length;
            }
        }
        catch (OverflowException)
        {
            return false;
        }
    }
}
