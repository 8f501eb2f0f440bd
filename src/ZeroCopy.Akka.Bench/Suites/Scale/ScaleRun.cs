using System.Globalization;
using ZeroCopy.Bench.Measuring;

namespace ZeroCopy.Bench.Suites.Scale;

/// <summary>What the axes of one run of <see cref="ScaleSuite"/> share.</summary>
internal sealed record ScaleRun(ScratchDirectory Directory, ScaleSizes Sizes, IProgress<string> Progress, CancellationToken Cancelled)
{
    private const double Mebibyte = 1 << 20;
    private const long LongRoundBytes = 256 << 20;

    /// <summary>How often a model of that many bytes is measured.</summary>
    public int RoundsOf(long bytes) => bytes < LongRoundBytes ? Sizes.Rounds : Sizes.LongRounds;

    /// <summary>Whether a point may be measured that takes so many bytes of memory and files; where not, says so.</summary>
    public bool HasRoom(string subject, long bytes) => HasRoom(subject, bytes, HostMemory.AvailableBytes(Directory.Path("")));

    /// <summary>As above, where <paramref name="available"/> bytes are free.</summary>
    internal bool HasRoom(string subject, long bytes, long available)
    {
        if (bytes <= available)
        {
            return true;
        }

        Progress.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"scale: {subject} is left out: it takes {bytes / Mebibyte:N0} MiB of memory and files, "
            + $"and {available / Mebibyte:N0} MiB are free"));
        return false;
    }
}
