using System.IO.Hashing;
using ZeroCopy.Content;
using ZeroCopy.Errors;

namespace ZeroCopy.Store;

/// <summary>A tensor whose hash is known, read again: its bytes must still be those.</summary>
/// <param name="Source">The tensor.</param>
/// <param name="Check">The second hash of its bytes, see <see cref="Hashing.BlockHash"/>; null where nobody can change them.</param>
internal sealed record HashedSource(TensorSource Source, ulong? Check)
{
    /// <summary>Bytes of the tensor.</summary>
    public long Length => Source.Layout.ByteLength;

    /// <summary>Gives the bytes piece by piece.</summary>
    /// <exception cref="InvalidModelException">They are not the ones that were hashed; found once all were given.</exception>
    public void ForEachPiece(SourceReader.PieceAction action, CancellationToken cancellationToken)
    {
        if (Check is not { } expected)
        {
            SourceReader.ForEachPiece(Source, action, cancellationToken);
            return;
        }

        var check = new XxHash3();
        SourceReader.ForEachPiece(
            Source,
            (offset, bytes) =>
            {
                action(offset, bytes);
                check.Append(bytes);
            },
            cancellationToken);
        if (check.GetCurrentHashAsUInt64() != expected)
        {
            throw new InvalidModelException(
                $"Tensor '{Source.Name}' changed while it was put: a module is not to be trained, nor a file overwritten, until its put "
                + "has ended. Put the model again.");
        }
    }
}
