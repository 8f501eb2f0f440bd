using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Clustering.Transfer;

/// <summary>Which blocks of a model a node has: a bit for each, in the order of the manifest, as they go over the network.</summary>
internal static class BlockMap
{
    public static byte[] Write(IServedModel model)
    {
        var blocks = model.Manifest.Blocks;
        var map = new byte[Bytes(model.Manifest)];
        for (var i = 0; i < blocks.Length; i++)
        {
            map[i / 8] |= (byte)(model.LengthOf(blocks[i]) is null ? 0 : 1 << (i % 8));
        }

        return map;
    }

    /// <summary>The blocks of a map; null where it is not as long as one of this model.</summary>
    public static HashSet<BlockId>? Read(ReadOnlySpan<byte> map, Manifest manifest)
    {
        if (map.Length != Bytes(manifest))
        {
            return null;
        }

        var blocks = new HashSet<BlockId>();
        for (var i = 0; i < manifest.Blocks.Length; i++)
        {
            if ((map[i / 8] & (1 << (i % 8))) != 0)
            {
                blocks.Add(manifest.Blocks[i]);
            }
        }

        return blocks;
    }

    private static int Bytes(Manifest manifest) => (manifest.Blocks.Length + 7) / 8;
}
