using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ZeroCopy.Blocks;

namespace ZeroCopy.Store.Hashing;

/// <summary>
/// SHA-256 of sixteen messages at once, one in each 32-bit lane of 512-bit registers: almost three times the bytes a second that a core
/// hashes one message after the other with its SHA instructions. Own code because no .NET library hashes several messages at once. Takes
/// whole blocks; padding is the caller's. Not thread-safe.
/// Sources: FIPS 180-4; Gueron and Krasnov, Simultaneous hashing of multiple messages (2012).
/// </summary>
internal sealed unsafe class Sha256Lanes : IDisposable
{
    public const int Count = 16;
    public const int BlockBytes = 64;

    private const int StateWords = 8;
    private const int Rounds = 64;
    private const int VectorBytes = 64;

    private readonly Vector512<uint>* _state;
    private readonly Vector512<uint>* _schedule;

    public Sha256Lanes()
    {
        _state = (Vector512<uint>*)NativeMemory.AlignedAlloc((StateWords + Rounds) * VectorBytes, VectorBytes);
        _schedule = _state + StateWords;
    }

    /// <summary>False also where the runtime avoids 512-bit registers, since they would lower the processor's clock.</summary>
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported;

    private static ReadOnlySpan<uint> InitialState =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static ReadOnlySpan<uint> RoundConstants =>
        [
            0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
            0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
            0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
            0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
            0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
            0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
            0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
            0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
        ];

    /// <summary>Starts a new message in a lane.</summary>
    public void Begin(int lane)
    {
        for (var word = 0; word < StateWords; word++)
        {
            Word(word, lane) = InitialState[word];
        }
    }

    /// <summary>Hashes the given number of blocks from each lane's address on. A lane without a message takes any readable one.</summary>
    // Optimized at once: the runtime's first version of a method keeps nothing in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Append(ReadOnlySpan<nint> messages, int blocks)
    {
        var w = _schedule;
        fixed (uint* k = RoundConstants)
        {
            for (var block = 0; block < blocks; block++)
            {
                Load(messages, (nint)block * BlockBytes, w);
                var (a, b, c, d) = (_state[0], _state[1], _state[2], _state[3]);
                var (e, f, g, h) = (_state[4], _state[5], _state[6], _state[7]);
                for (var t = 0; t < Rounds; t += 8)
                {
                    Round(a, b, c, ref d, e, f, g, ref h, w[t] + Vector512.Create(k[t]));
                    Round(h, a, b, ref c, d, e, f, ref g, w[t + 1] + Vector512.Create(k[t + 1]));
                    Round(g, h, a, ref b, c, d, e, ref f, w[t + 2] + Vector512.Create(k[t + 2]));
                    Round(f, g, h, ref a, b, c, d, ref e, w[t + 3] + Vector512.Create(k[t + 3]));
                    Round(e, f, g, ref h, a, b, c, ref d, w[t + 4] + Vector512.Create(k[t + 4]));
                    Round(d, e, f, ref g, h, a, b, ref c, w[t + 5] + Vector512.Create(k[t + 5]));
                    Round(c, d, e, ref f, g, h, a, ref b, w[t + 6] + Vector512.Create(k[t + 6]));
                    Round(b, c, d, ref e, f, g, h, ref a, w[t + 7] + Vector512.Create(k[t + 7]));

                    // Between the rounds, two steps ahead of them, where the processor overlaps the two.
                    for (var i = t + 16; i < Math.Min(t + 24, Rounds); i++)
                    {
                        w[i] = w[i - 16] + SmallSigma0(w[i - 15]) + w[i - 7] + SmallSigma1(w[i - 2]);
                    }
                }

                _state[0] += a;
                _state[1] += b;
                _state[2] += c;
                _state[3] += d;
                _state[4] += e;
                _state[5] += f;
                _state[6] += g;
                _state[7] += h;
            }
        }
    }

    /// <summary>The hash of the lane's message, whose last block has been appended.</summary>
    public BlockId End(int lane)
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        for (var word = 0; word < StateWords; word++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash[(word * sizeof(uint))..], Word(word, lane));
        }

        return BlockId.FromHash(hash);
    }

    public void Dispose() => NativeMemory.AlignedFree(_state);

    private ref uint Word(int word, int lane) => ref ((uint*)(_state + word))[lane];

    // The sums are in an order that keeps the path from one round's e to the next short.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, Vector512<uint> w)
    {
        var early = h + w;
        var choice = Vector512.ConditionalSelect(e, f, g);
        var sigma1 = Avx512F.RotateRight(e, 6) ^ Avx512F.RotateRight(e, 11) ^ Avx512F.RotateRight(e, 25);
        var sigma0 = Avx512F.RotateRight(a, 2) ^ Avx512F.RotateRight(a, 13) ^ Avx512F.RotateRight(a, 22);
        var late = sigma0 + Majority(a, b, c);
        d = d + early + choice + sigma1;
        h = early + choice + sigma1 + late;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Majority(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.TernaryLogic(a, b, c, 0xE8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> SmallSigma0(Vector512<uint> w) => Avx512F.RotateRight(w, 7) ^ Avx512F.RotateRight(w, 18) ^ (w >>> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> SmallSigma1(Vector512<uint> w) => Avx512F.RotateRight(w, 17) ^ Avx512F.RotateRight(w, 19) ^ (w >>> 10);

    // Transposes a block of each message: w[i] gets word i of all. First in groups of four messages and four words, then the groups.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(ReadOnlySpan<nint> messages, nint offset, Vector512<uint>* w)
    {
        var groups = w + Count;
        for (var i = 0; i < Count; i += 4)
        {
            var (m0, m1) = (Words(messages[i] + offset), Words(messages[i + 1] + offset));
            var (m2, m3) = (Words(messages[i + 2] + offset), Words(messages[i + 3] + offset));
            var (low01, high01) = (Avx512F.UnpackLow(m0, m1).AsUInt64(), Avx512F.UnpackHigh(m0, m1).AsUInt64());
            var (low23, high23) = (Avx512F.UnpackLow(m2, m3).AsUInt64(), Avx512F.UnpackHigh(m2, m3).AsUInt64());
            groups[i] = Avx512F.UnpackLow(low01, low23).AsUInt32();
            groups[i + 1] = Avx512F.UnpackHigh(low01, low23).AsUInt32();
            groups[i + 2] = Avx512F.UnpackLow(high01, high23).AsUInt32();
            groups[i + 3] = Avx512F.UnpackHigh(high01, high23).AsUInt32();
        }

        for (var i = 0; i < 4; i++)
        {
            var (low0, high0) = Halves(groups[i], groups[i + 4]);
            var (low8, high8) = Halves(groups[i + 8], groups[i + 12]);
            w[i] = Avx512F.Shuffle4x128(low0, low8, 0b10_00_10_00);
            w[i + 4] = Avx512F.Shuffle4x128(low0, low8, 0b11_01_11_01);
            w[i + 8] = Avx512F.Shuffle4x128(high0, high8, 0b10_00_10_00);
            w[i + 12] = Avx512F.Shuffle4x128(high0, high8, 0b11_01_11_01);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Low, Vector512<uint> High) Halves(Vector512<uint> a, Vector512<uint> b) =>
        (Avx512F.Shuffle4x128(a, b, 0b01_00_01_00), Avx512F.Shuffle4x128(a, b, 0b11_10_11_10));

    // SHA-256 words are big-endian.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Words(nint block)
    {
        var order = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        return Avx512BW.Shuffle(Vector512.Load((byte*)block), Vector512.Create(order)).AsUInt32();
    }
}
