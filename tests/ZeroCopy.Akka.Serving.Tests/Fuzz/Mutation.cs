namespace ZeroCopy.Serving.Tests.Fuzz;

/// <summary>Bytes changed at random, the same ones for the same seed.</summary>
internal static class Mutation
{
    /// <summary>Bytes that mean something to JSON, to numbers, or to the length of something.</summary>
    private static readonly byte[] Special = [0, 1, 2, 7, 0x7F, 0x80, 0xFF, .. "{}[]\",:-0e.\\ntu "u8];

    /// <summary>One to eight changes.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var change = random.Next(1, 9); change > 0; change--)
        {
            Change(bytes, random);
        }

        return [.. bytes];
    }

    private static void Change(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(random.Next(1, 16), bytes.Count - at);
        switch (random.Next(7))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = Special[random.Next(Special.Length)];
                break;
            case 2:
                bytes.Insert(at, Special[random.Next(Special.Length)]);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                bytes.AddRange(bytes.GetRange(at, length));
                break;
        }
    }
}
