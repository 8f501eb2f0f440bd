using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// A shared object of this process as glibc's loader has it. Sources: dladdr(3), dlinfo(3); System V ABI, object files and
/// dynamic linking; for the build id, ld(1).
/// </summary>
internal sealed unsafe class LoadedLibrary
{
    private const int LinkMapRequest = 2;
    private const int ThreadBlockRequest = 10;
    private static readonly delegate* unmanaged[Cdecl]<nint, nint*, int> AddressInfo =
        (delegate* unmanaged[Cdecl]<nint, nint*, int>)Loader("dladdr");
    private static readonly delegate* unmanaged[Cdecl]<nint, int, void*, int> Info =
        (delegate* unmanaged[Cdecl]<nint, int, void*, int>)Loader("dlinfo");
    private readonly nint _handle;
    private readonly nint* _dynamic;

    /// <summary>A library by the handle that <see cref="NativeLibrary"/> returns.</summary>
    public LoadedLibrary(nint handle)
    {
        nint* map;
        if (Info(handle, LinkMapRequest, &map) != 0)
        {
            throw new DllNotFoundException("The loader does not know this library.");
        }

        _handle = handle;
        Base = map[0];
        _dynamic = (nint*)map[2];
    }

    /// <summary>Where it begins.</summary>
    public nint Base { get; }

    /// <summary>The id that the linker gave to this very build, in hexadecimal digits; null where it gave none.</summary>
    public string? BuildId
    {
        get
        {
            // The file's header is its first loaded bytes, but for libraries that were linked for a fixed address.
            const int magic = 0x464C457F;
            const int noteSegment = 4;
            var header = (byte*)Base;
            if (Find((nint)_dynamic).Base != Base || *(int*)header != magic)
            {
                return null;
            }

            var segment = header + *(long*)(header + 32);
            for (var left = *(ushort*)(header + 56); left > 0; left--, segment += *(ushort*)(header + 54))
            {
                if (*(int*)segment == noteSegment
                    && BuildIdIn(new ReadOnlySpan<byte>(header + *(long*)(segment + 16), *(int*)(segment + 40))) is { } id)
                {
                    return id;
                }
            }

            return null;
        }
    }

    /// <summary>
    /// Where the library that an address is in begins, its file's name, and the exported function; 0 and empty where it is in none.
    /// </summary>
    public static (nint Base, string File, string Function) Find(nint address)
    {
        // Name and base of the library, name and address of the symbol.
        var found = stackalloc nint[4];
        return AddressInfo(address, found) == 0
            ? (0, "", "") : (found[1], Path.GetFileName(Marshal.PtrToStringUTF8(found[0])!), Marshal.PtrToStringUTF8(found[2]) ?? "");
    }

    /// <summary>The address of a function that the library exports.</summary>
    public nint Export(string function) => NativeLibrary.GetExport(_handle, function);

    /// <summary>The calling thread's variables of this library; 0 where the thread has none yet.</summary>
    public nint ThreadBlock()
    {
        nint block;
        return Info(_handle, ThreadBlockRequest, &block) == 0 ? block : 0;
    }

    /// <summary>Where the library keeps the address of a function that it imports; null where it imports no such function.</summary>
    public nint* ImportSlot(string function)
    {
        const int entryBytes = 24;
        var (relocations, bytes, symbols, strings) = (Dynamic(23), Dynamic(2), Dynamic(6), Dynamic(5));
        for (var entry = relocations; entry < relocations + bytes; entry += entryBytes)
        {
            var (offset, info) = (((nint*)entry)[0], ((ulong*)entry)[1]);
            var name = (byte*)strings + *(uint*)(symbols + (nint)(info >> 32) * entryBytes);
            if (Marshal.PtrToStringUTF8((nint)name) == function)
            {
                return (nint*)(Base + offset);
            }
        }

        return null;
    }

    private static string? BuildIdIn(ReadOnlySpan<byte> notes)
    {
        const int headerBytes = 12;
        const int buildId = 3;
        while (notes.Length > headerBytes)
        {
            var sizes = MemoryMarshal.Cast<byte, int>(notes);
            var start = headerBytes + Padded(sizes[0]);
            if (sizes[2] == buildId && notes[headerBytes..start].SequenceEqual("GNU\0"u8))
            {
                return Convert.ToHexStringLower(notes.Slice(start, sizes[1]));
            }

            notes = notes[Math.Min(notes.Length, start + Padded(sizes[1]))..];
        }

        return null;

        static int Padded(int bytes) => (bytes + 3) & ~3;
    }

    private nint Dynamic(nint tag)
    {
        for (var entry = _dynamic; entry[0] != 0; entry += 2)
        {
            if (entry[0] == tag)
            {
                return entry[1];
            }
        }

        return 0;
    }

    // A library of its own before glibc 2.34.
    private static nint Loader(string name) =>
        NativeLibrary.TryGetExport(NativeLibrary.Load("libc.so.6"), name, out var function)
            ? function : NativeLibrary.GetExport(NativeLibrary.Load("libdl.so.2"), name);
}
