namespace ZeroCopy.TestSupport;

/// <summary>Has a reader of messages read what a faulty or hostile peer may send instead of one.</summary>
public static class BrokenFrames
{
    // A part of a message takes two bytes at least, its tag and its length, and becomes an object of Protocol Buffers' and one of ours,
    // which have up to 128 bytes each; and both are gathered in an array that grows by doubling.
    private const int BytesPerByte = 192;

    // An exception with its trace and its words, twice, as the typed one holds that of the reader.
    private const int BytesPerRead = 32 << 10;

    /// <summary>Changes a frame in many ways, the same ones each time, and reads each.</summary>
    /// <param name="frame">The bytes of a message.</param>
    /// <param name="read">Reads what became of them; throws where it does not fail as it should.</param>
    /// <exception cref="InvalidOperationException">Reading took more memory than the frame is worth.</exception>
    public static void Read(byte[] frame, Action<byte[]> read)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(read);
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var broken = Broken(frame, random);
            // What is made once in a process is made here.
            read(broken);
            var before = GC.GetAllocatedBytesForCurrentThread();
            read(broken);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > BytesPerRead + (BytesPerByte * broken.Length))
            {
                throw new InvalidOperationException($"{allocated} bytes for a frame of {broken.Length}: {Convert.ToHexString(broken)}");
            }
        }
    }

    private static byte[] Broken(byte[] frame, Random random)
    {
        var broken = frame.ToList();
        for (var change = random.Next(1, 4); change > 0 && broken.Count > 0; change--)
        {
            var at = random.Next(broken.Count);
            switch (random.Next(4))
            {
                case 0:
                    broken[at] = (byte)random.Next(256);
                    break;
                case 1:
                    broken.RemoveAt(at);
                    break;
                case 2:
                    broken.RemoveRange(at, broken.Count - at);
                    break;
                default:
                    broken.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. broken];
    }
}
