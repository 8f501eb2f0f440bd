using System.IO.Hashing;
using System.Runtime.InteropServices;
using CsCheck;
using ZeroCopy.Blocks;
using ZeroCopy.Content;
using ZeroCopy.Manifests;
using ZeroCopy.Store.Hashing;
using ZeroCopy.Tensors;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store.Hashing;

public sealed class BlockHasherSpecs
{
    // Around the ends of a block's content, of a block, and of a lane's piece.
    private static readonly Gen<int> Length = Gen.OneOf(
        Gen.OneOf(0, 1, 55, 56, 63, 64, 65, 119, 120, 128, (32 << 10) - 9, (32 << 10) - 8, 32 << 10, (32 << 10) + 1, 64 << 10),
        Gen.Int[0, 1000],
        Gen.Int[0, 100_000]);

    [SkippableFact]
    public void BlockHasher_should_give_the_same_hashes_in_lanes_and_one_by_one()
    {
        SkipWithoutLanes();
        Gen.Select(Gen.Select(Length, Gen.Bool).Array[0, 40], Gen.Int[0, 40], Gen.Bool).Sample(
            (tensors, singles, checks) =>
            {
                var (sources, hashes) = Sources(tensors);
                Assert.Equal(
                    checks ? hashes : hashes.Select(hash => hash with { Check = null }),
                    BlockHasher.Hash(sources, Math.Min(singles, sources.Length), checks, _ => { }, default));
            },
            iter: 100,
            threads: 1);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(20)]
    public void BlockHasher_should_tell_of_every_byte_once(int singles)
    {
        SkipWithoutLanes();
        var (sources, _) = Sources([.. Enumerable.Range(0, 20).Select(i => (i * 50_001, i % 2 == 0))]);
        var told = 0L;
        BlockHasher.Hash(sources, singles, checks: true, bytes => Interlocked.Add(ref told, bytes), default);
        Assert.Equal(sources.Sum(source => source.Layout.ByteLength), told);
    }

    [SkippableFact]
    public void BlockHasher_should_throw_a_tensors_error_and_stop_other_cores_in_the_midst_of_theirs()
    {
        SkipWithoutLanes();
        Skip.If(Environment.ProcessorCount < 2, "There is no other core.");
        using var otherCore = new ManualResetEventSlim();
        var failing = new ScriptedTensorSource(2L << 40, () =>
        {
            otherCore.Wait();
            throw new IOException("gone");
        });
        var endless = new ScriptedTensorSource(1L << 40, otherCore.Set);
        var sources = Enumerable.Repeat(endless, Sha256Lanes.Count).Prepend(failing).ToArray();
        Assert.Throws<IOException>(() => BlockHasher.Hash(sources, 0, checks: true, _ => { }, default));
        Assert.False(endless.WentOn);
    }

    [SkippableFact]
    public void BlockHasher_should_stop_in_the_midst_of_tensors_when_it_is_cancelled()
    {
        SkipWithoutLanes();
        using var cancel = new CancellationTokenSource();
        var endless = new ScriptedTensorSource(1L << 40, cancel.Cancel);
        Assert.ThrowsAny<OperationCanceledException>(() => BlockHasher.Hash([endless], 0, checks: true, _ => { }, cancel.Token));
        Assert.False(endless.WentOn);
    }

    private static void SkipWithoutLanes() => Skip.IfNot(Sha256Lanes.IsSupported, "The processor has no AVX-512, or is slower with it.");

    private static (TensorSource[] Sources, BlockHash[] Hashes) Sources((int Length, bool InMemory)[] tensors)
    {
        var contents = tensors.Select((tensor, i) => ArrayTensorSource.Random($"{i}", tensor.Length, i)).ToArray();
        return (
            [.. contents.Select((content, i) => tensors[i].InMemory ? new UnalignedTensorSource(content.Content) : (TensorSource)content)],
            [.. contents.Select(content => new BlockHash(BlockId.Of(content.Content), XxHash3.HashToUInt64(content.Content)))]);
    }

    /// <summary>Bytes in memory from an odd address on.</summary>
    private sealed class UnalignedTensorSource : TensorSource
    {
        private readonly byte[] _memory;

        public UnalignedTensorSource(byte[] content)
            : base("unaligned", TensorRole.Parameter, new TensorLayout(DType.UInt8, content.Length))
        {
            _memory = GC.AllocateUninitializedArray<byte>(content.Length + 1, pinned: true);
            content.CopyTo(_memory, 1);
        }

        public override nint Address => Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 1);

        public override void Read(long offset, Span<byte> destination) => throw new InvalidOperationException("It has an address.");
    }

    /// <summary>Zeros without end, with an action before each read; ends the test that goes on for too long.</summary>
    private sealed class ScriptedTensorSource(long length, Action reading)
        : TensorSource("scripted", TensorRole.Parameter, new TensorLayout(DType.UInt8, length))
    {
        private const int TooMany = 500_000;
        private int _reads;

        public bool WentOn => _reads == TooMany;

        public override void Read(long offset, Span<byte> destination)
        {
            reading();
            destination.Clear();
            if (++_reads == TooMany)
            {
                throw new InvalidOperationException("It goes on.");
            }
        }
    }
}
