using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies TorchSharp's native library for Linux so that it loads with the C++ runtime of Debian 12 and Ubuntu 22.04 too: the requirement of
/// a newer one, which none of its symbols uses, is marked weak, and the copy finds libtorch where an output folder has it. Nothing else is
/// changed. An MSBuild task, compiled by the build. Sources: System V ABI, object files and dynamic linking; Linux Standard Base, symbol
/// versioning.
/// </summary>
public sealed class MendLibTorchSharp : Task
{
    private const uint DynamicSection = 6;
    private const uint NeedsSection = 0x6ffffffe;
    private const ulong RunPathTag = 29;
    private const int Weak = 2;

    /// <summary>The library as TorchSharp's package has it.</summary>
    [Required]
    public string Source { get; set; }

    /// <summary>The version of libstdc++ that it asks for in vain.</summary>
    [Required]
    public string Version { get; set; }

    /// <summary>Where libtorch may be, seen from the copy.</summary>
    [Required]
    public string RunPath { get; set; }

    /// <summary>The copy.</summary>
    [Required]
    public string Destination { get; set; }

    public override bool Execute()
    {
        var image = File.ReadAllBytes(Source);
        if (!TryMarkWeak(image) || !TrySetRunPath(image))
        {
            Log.LogError(
                $"{Source} does not ask for {Version} of libstdc++.so.6, or has no room for the search path '{RunPath}': this version "
                + "of TorchSharp may load without the copy that Build/LibTorchSharp.targets makes.");
            return false;
        }

        // By rename, so that a build beside this one never copies half a file.
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        var temporary = Destination + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, image);
        File.Delete(Destination);
        File.Move(temporary, Destination);
        return true;
    }

    private bool TryMarkWeak(byte[] image)
    {
        if (!TryFindSection(image, NeedsSection, out var need, out var files, out var strings))
        {
            return false;
        }

        for (var file = 0; file < files; file++, need += Word(image, need + 12))
        {
            var isRuntime = Text(image, strings + Word(image, need + 4)) == "libstdc++.so.6";
            var entries = BitConverter.ToUInt16(image, need + 2);
            var entry = need + Word(image, need + 8);
            for (var i = 0; i < entries; i++, entry += Word(image, entry + 12))
            {
                if (isRuntime && Text(image, strings + Word(image, entry + 8)) == Version)
                {
                    image[entry + 4] |= Weak;
                    return true;
                }
            }
        }

        return false;
    }

    private bool TrySetRunPath(byte[] image)
    {
        if (!TryFindSection(image, DynamicSection, out var entry, out _, out var strings))
        {
            return false;
        }

        for (; BitConverter.ToUInt64(image, entry) != 0; entry += 16)
        {
            if (BitConverter.ToUInt64(image, entry) == RunPathTag)
            {
                var path = strings + Word(image, entry + 8);
                var isRoom = RunPath.Length <= Text(image, path).Length;
                if (isRoom)
                {
                    Encoding.ASCII.GetBytes(RunPath + '\0').CopyTo(image, path);
                }

                return isRoom;
            }
        }

        return false;
    }

    /// <summary>Where the first section of a type lies, its number of entries where it says one, and where its strings are.</summary>
    private static bool TryFindSection(byte[] image, uint type, out int offset, out int entries, out int strings)
    {
        int Header(int index) => Word(image, 40) + index * BitConverter.ToUInt16(image, 58);
        for (var index = 0; index < BitConverter.ToUInt16(image, 60); index++)
        {
            var header = Header(index);
            if (BitConverter.ToUInt32(image, header + 4) == type)
            {
                (offset, entries) = (Word(image, header + 24), Word(image, header + 44));
                strings = Word(image, Header(Word(image, header + 40)) + 24);
                return true;
            }
        }

        (offset, entries, strings) = (0, 0, 0);
        return false;
    }

    private static int Word(byte[] image, int offset) => BitConverter.ToInt32(image, offset);

    private static string Text(byte[] image, int offset) =>
        Encoding.ASCII.GetString(image, offset, Array.IndexOf(image, (byte)0, offset) - offset);
}
