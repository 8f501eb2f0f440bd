using System.Buffers.Binary;
using System.Text;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// The version requirements of an ELF64 shared object (section <c>.gnu.version_r</c>, see the Linux Standard Base, "Symbol Versioning").
/// </summary>
internal static class VersionNeeds
{
    private const uint NeedsType = 0x6ffffffe;
    private const ushort Weak = 2;

    /// <summary>
    /// Marks one requirement weak, so that the loader warns where it would refuse. False, and nothing changed, where the image is not a
    /// little-endian ELF64, is damaged, or does not ask exactly once for that version of libstdc++.
    /// </summary>
    public static bool TryMarkWeak(Span<byte> image, string version)
    {
        try
        {
            return Find(image, version) is { } flags && Mark(image[flags..]);
        }
        catch (ArgumentOutOfRangeException)
        {
            // An offset in a damaged image leads outside of it.
            return false;
        }
    }

    private static bool Mark(Span<byte> flags)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | Weak));
        return true;
    }

    /// <summary>Where the flags of the requirement lie in the image.</summary>
    private static int? Find(ReadOnlySpan<byte> image, string version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }

        var headers = ToOffset(BinaryPrimitives.ReadUInt64LittleEndian(image[40..]));
        var headerSize = BinaryPrimitives.ReadUInt16LittleEndian(image[58..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(image[60..]);
        for (var i = 0; i < count; i++)
        {
            var header = image.Slice(headers + i * headerSize, 64);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == NeedsType)
            {
                var strings = image.Slice(headers + (int)BinaryPrimitives.ReadUInt32LittleEndian(header[40..]) * headerSize, 64);
                return FindIn(
                    image,
                    ToOffset(BinaryPrimitives.ReadUInt64LittleEndian(header[24..])),
                    (int)BinaryPrimitives.ReadUInt32LittleEndian(header[44..]),
                    ToOffset(BinaryPrimitives.ReadUInt64LittleEndian(strings[24..])),
                    version);
            }
        }

        return null;
    }

    private static int? FindIn(ReadOnlySpan<byte> image, int need, int files, int strings, string version)
    {
        int? found = null;
        for (var file = 0; file < files; file++)
        {
            var library = Text(image, strings, need + 4);
            var auxiliary = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 8)..]);
            var entries = BinaryPrimitives.ReadUInt16LittleEndian(image[(need + 2)..]);
            for (var entry = 0; entry < entries; entry++)
            {
                if (library == "libstdc++.so.6" && Text(image, strings, auxiliary + 8) == version)
                {
                    if (found is not null)
                    {
                        return null;
                    }

                    found = auxiliary + 4;
                }

                auxiliary += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(auxiliary + 12)..]);
            }

            need += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 12)..]);
        }

        return found;
    }

    private static string Text(ReadOnlySpan<byte> image, int strings, int nameAt)
    {
        var text = image[(strings + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[nameAt..]))..];
        var end = text.IndexOf((byte)0);
        return Encoding.ASCII.GetString(text[..Math.Max(0, end)]);
    }

    private static int ToOffset(ulong value) =>
        value <= int.MaxValue ? (int)value : throw new ArgumentOutOfRangeException(nameof(value), value, "Outside of the image.");
}
