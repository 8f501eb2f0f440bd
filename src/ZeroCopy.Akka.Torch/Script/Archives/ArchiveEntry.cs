namespace ZeroCopy.Torch.Script.Archives;

/// <summary>One record of a zip archive: where its stored bytes lie in the file.</summary>
/// <param name="Name">Name with the archive's folder.</param>
/// <param name="Offset">File offset of the stored bytes.</param>
/// <param name="StoredLength">Bytes in the file.</param>
/// <param name="Length">Bytes after decompression.</param>
/// <param name="Compressed">Whether the stored bytes are a deflate stream.</param>
/// <param name="Crc32">CRC-32 of the decompressed bytes.</param>
internal sealed record ArchiveEntry(string Name, long Offset, long StoredLength, long Length, bool Compressed, uint Crc32);
