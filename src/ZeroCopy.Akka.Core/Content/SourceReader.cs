using System.Buffers;

namespace ZeroCopy.Content;

/// <summary>Gives a tensor's bytes piece by piece: in place where they lie in memory, else through a pooled buffer.</summary>
internal static class SourceReader
{
    /// <summary>Small enough to stay in a core's cache between reading and hashing or writing.</summary>
    public const int PieceBytes = 1 << 20;

    public delegate void PieceAction(long offset, ReadOnlySpan<byte> bytes);

    public static unsafe void ForEachPiece(TensorSource source, PieceAction action, CancellationToken cancellationToken)
    {
        var address = source.Address;
        var end = source.Layout.ByteLength;
        var buffer = address == 0 ? ArrayPool<byte>.Shared.Rent((int)Math.Min(PieceBytes, end)) : [];
        try
        {
            for (var offset = 0L; offset < end; offset += PieceBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var length = (int)Math.Min(PieceBytes, end - offset);
                if (address != 0)
                {
                    action(offset, new ReadOnlySpan<byte>((byte*)address + offset, length));
                }
                else
                {
                    source.Read(offset, buffer.AsSpan(0, length));
                    action(offset, buffer.AsSpan(0, length));
                }
            }
        }
        finally
        {
            if (address == 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
