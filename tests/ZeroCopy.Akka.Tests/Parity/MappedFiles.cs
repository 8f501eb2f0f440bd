using System.Globalization;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Parity;

/// <summary>Where the files of a folder are mapped in this process. Source: proc(5), maps.</summary>
public sealed class MappedFiles
{
    private readonly List<(long Start, long End)> _ranges = [];

    public static MappedFiles Below(string folder)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Needs /proc/self/maps.");
        var files = new MappedFiles();
        foreach (var line in File.ReadLines("/proc/self/maps").Where(line => line.Contains(folder, StringComparison.Ordinal)))
        {
            var range = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
            files._ranges.Add((long.Parse(range[0], NumberStyles.HexNumber, null), long.Parse(range[1], NumberStyles.HexNumber, null)));
        }

        return files;
    }

    /// <summary>How often any of them is mapped.</summary>
    public int Count => _ranges.Count;

    /// <summary>Whether none is mapped.</summary>
    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Whether a tensor's elements lie in one of the files.</summary>
    public bool Hold(Tensor tensor)
    {
        var address = Elements.Address(tensor);
        return tensor.numel() == 0 || _ranges.Exists(range => address >= range.Start && address < range.End);
    }
}
