using CsCheck;

namespace ZeroCopy.Node.Tests.Mutations;

/// <summary>Files that were good before a few of their bytes were changed, taken away, put in, or doubled.</summary>
internal static class Mutation
{
    private static readonly byte[][] Tokens =
    [
        [0], [0xff], "0"u8.ToArray(), "-1"u8.ToArray(), "9"u8.ToArray(), "1e999"u8.ToArray(), "\""u8.ToArray(), "'"u8.ToArray(),
        "{"u8.ToArray(),
        "}"u8.ToArray(), "["u8.ToArray(), "]"u8.ToArray(), ","u8.ToArray(), ":"u8.ToArray(), "null"u8.ToArray(), "true"u8.ToArray(),
        "NaN"u8.ToArray(), "\\ud800"u8.ToArray(), "../"u8.ToArray(), "99999999999999999999"u8.ToArray(),
    ];

    public static Gen<byte[]> Of(byte[] good) => Gen.Select(
        Gen.Int[0, int.MaxValue], Gen.Int[0, 5], Gen.Byte, Gen.Int[0, Tokens.Length - 1], Gen.Int[1, 6]).Array[1, 3].Select(changes =>
    {
        var bytes = good.ToList();
        foreach (var (place, kind, value, token, length) in changes)
        {
            var at = place % (bytes.Count + 1);
            var run = Math.Min(length, bytes.Count - at);
            switch (kind)
            {
                case 0 when at < bytes.Count:
                    bytes[at] = value;
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << (value & 7));
                    break;
                case 2:
                    bytes.RemoveRange(at, run);
                    break;
                case 3:
                    bytes.InsertRange(at, Tokens[token]);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, run));
                    break;
                case 5 when value < 32:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return bytes.ToArray();
    });
}
