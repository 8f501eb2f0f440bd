using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using ZeroCopy.Blocks;
using ZeroCopy.Store.Hashing;

namespace ZeroCopy.Tests.Store.Hashing;

public sealed class Sha256LanesSpecs
{
    // The examples of FIPS 180-4: of one block and of two.
    private const string OneBlock = "abc";
    private const string TwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    private static readonly BlockId OneBlockHash = BlockId.Parse("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    private static readonly BlockId TwoBlocksHash = BlockId.Parse("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");

    [SkippableFact]
    public void Sha256Lanes_should_give_the_hash_of_the_standard_in_every_lane()
    {
        using var hash = Begin();
        var message = Padded(TwoBlocks, blocks: 2);
        hash.Append(Everywhere(message), 2);
        GC.KeepAlive(message);
        Assert.Equal(Enumerable.Repeat(TwoBlocksHash, Sha256Lanes.Count), Enumerable.Range(0, Sha256Lanes.Count).Select(hash.End));
    }

    [SkippableFact]
    public void Sha256Lanes_should_go_on_in_the_others_when_one_lane_begins_anew()
    {
        using var hash = Begin();
        var (one, two) = (Padded(OneBlock, blocks: 1), Padded(TwoBlocks, blocks: 2));
        hash.Append(Everywhere(two), 1);
        hash.Begin(3);
        var addresses = Everywhere(two, skip: Sha256Lanes.BlockBytes);
        addresses[3] = Everywhere(one)[3];
        hash.Append(addresses, 1);
        GC.KeepAlive((one, two));
        Assert.Equal(OneBlockHash, hash.End(3));
        Assert.Equal(TwoBlocksHash, hash.End(4));
    }

    private static Sha256Lanes Begin()
    {
        Skip.IfNot(Sha256Lanes.IsSupported, "The processor has no AVX-512, or is slower with it.");
        var hash = new Sha256Lanes();
        for (var lane = 0; lane < Sha256Lanes.Count; lane++)
        {
            hash.Begin(lane);
        }

        return hash;
    }

    private static byte[] Padded(string text, int blocks)
    {
        var bytes = GC.AllocateArray<byte>(blocks * Sha256Lanes.BlockBytes, pinned: true);
        bytes[Encoding.ASCII.GetBytes(text, bytes)] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(^sizeof(long)..), text.Length * 8);
        return bytes;
    }

    private static nint[] Everywhere(byte[] pinned, int skip = 0) =>
        [.. Enumerable.Repeat(Marshal.UnsafeAddrOfPinnedArrayElement(pinned, skip), Sha256Lanes.Count)];
}
