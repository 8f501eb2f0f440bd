using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// Calls a native function so that a C++ exception which leaves it becomes a .NET one. LibTorchSharp catches two kinds only, and any other
/// one (libtorch's compiler throws <c>ErrorReport</c>, containers <c>std::out_of_range</c>) would end the process on systems where .NET
/// cannot catch it. There the call goes through a few instructions that have what a C++ compiler makes of <c>try</c> and
/// <c>catch (...)</c>: an entry of the unwinder's table (System V ABI for AMD64, DWARF 4 section 6.4) and of the language's (Itanium C++
/// ABI, exception handling). Linux on x64; elsewhere calls go straight through. Thread-safe.
/// </summary>
internal static unsafe class ExceptionGuard
{
    private const int PageBytes = 4096;
    private const int ReadWrite = 3;
    private const int ReadExecute = 5;
    private const int PrivateAnonymous = 0x22;

    private static readonly Lazy<nint> Entry = new(Build);

    /// <summary>Whether calls are guarded on this system.</summary>
    public static bool IsActive => Entry.Value != 0;

    /// <summary>Calls <paramref name="function"/> with four words, of which it may ignore the last ones.</summary>
    /// <exception cref="ExternalException">A C++ exception left the function; the message is the exception's own.</exception>
    public static nint Call(nint function, nint first, nint second = 0, nint third = 0, nint fourth = 0)
    {
        if (!IsActive)
        {
            return ((delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint>)function)(first, second, third, fourth);
        }

        // The text of the exception, and which of the two clauses caught it: 0 where none did.
        var caught = stackalloc nint[2];
        caught[0] = caught[1] = 0;
        var result = ((delegate* unmanaged[Cdecl]<nint*, nint, nint, nint, nint, nint, nint>)Entry.Value)(
            caught, function, first, second, third, fourth);
        if (caught[1] == 0)
        {
            return result;
        }

        var text = Marshal.PtrToStringUTF8(caught[0]) ?? "a C++ exception without a text";
        NativeMemory.Free((void*)caught[0]);
        throw new ExternalException(text);
    }

    private static nint Build()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !NativeLibrary.TryLoad("libstdc++.so.6", out var language) || !NativeLibrary.TryLoad("libgcc_s.so.1", out var unwinder)
            || !NativeLibrary.TryLoad("libc.so.6", out var library))
        {
            return 0;
        }

        var code = Code(
            NativeLibrary.GetExport(language, "__cxa_begin_catch"),
            NativeLibrary.GetExport(library, "strdup"),
            NativeLibrary.GetExport(language, "__cxa_end_catch"),
            out var landing);
        var clauses = Clauses(code.Length, landing, NativeLibrary.GetExport(language, "_ZTISt9exception"));
        var page = Map(0, PageBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (page == -1)
        {
            return 0;
        }

        var clausesAt = page + 256;
        var framesAt = page + 512;
        code.CopyTo(new Span<byte>((void*)page, code.Length));
        clauses.CopyTo(new Span<byte>((void*)clausesAt, clauses.Length));
        var frames = Frames(page, code.Length, clausesAt, NativeLibrary.GetExport(language, "__gxx_personality_v0"));
        frames.CopyTo(new Span<byte>((void*)framesAt, frames.Length));
        if (Protect(page, PageBytes, ReadExecute) != 0)
        {
            // A system that lets no code be made at run time: calls go straight through.
            return 0;
        }

        ((delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(unwinder, "__register_frame"))(framesAt);
        return page;
    }

    // nint guard(nint* caught, nint function, nint first, nint second, nint third, nint fourth)
    private static byte[] Code(nint beginCatch, nint duplicate, nint endCatch, out int landing)
    {
        byte[] call =
        [
            0x53, // push rbx
            0x48, 0x89, 0xFB, // mov rbx, rdi
            0x48, 0x89, 0xF0, // mov rax, rsi
            0x48, 0x89, 0xD7, // mov rdi, rdx
            0x48, 0x89, 0xCE, // mov rsi, rcx
            0x4C, 0x89, 0xC2, // mov rdx, r8
            0x4C, 0x89, 0xC9, // mov rcx, r9
            0xFF, 0xD0, // call rax
            0x5B, // pop rbx
            0xC3, // ret
        ];
        landing = call.Length;
        return
        [
            .. call,
            0x48, 0x89, 0xC7, // mov rdi, rax: the exception
            0x48, 0x89, 0x53, 0x08, // mov [rbx + 8], rdx: the clause
            .. CallOf(beginCatch),
            0x83, 0x7B, 0x08, 0x01, // cmp dword [rbx + 8], 1
            0x75, 0x1B, // jne past the text
            0x48, 0x89, 0xC7, // mov rdi, rax
            0x48, 0x8B, 0x00, // mov rax, [rax]
            0xFF, 0x50, 0x10, // call [rax + 16]: std::exception::what
            0x48, 0x89, 0xC7, // mov rdi, rax
            .. CallOf(duplicate),
            0x48, 0x89, 0x03, // mov [rbx], rax
            .. CallOf(endCatch),
            0x31, 0xC0, // xor eax, eax
            0x5B, // pop rbx
            0xC3, // ret
        ];
    }

    // mov rax, address; call rax
    private static byte[] CallOf(nint address) => [0x48, 0xB8, .. Word(address), 0xFF, 0xD0];

    // First clause std::exception, whose text is taken, second clause anything.
    private static byte[] Clauses(int codeLength, int landing, nint exceptionType)
    {
        byte[] sites =
        [
            .. Half(0), .. Half(landing), .. Half(landing), 1,
            .. Half(landing), .. Half(codeLength - landing), .. Half(0), 0,
        ];
        byte[] actions = [1, 1, 2, 0];
        byte[] types = [.. Word(0), .. Word(exceptionType)];
        return
        [
            0xFF, // landing pads count from the function's start
            0x00, (byte)(2 + sites.Length + actions.Length + types.Length), // types are addresses, and end there
            0x03, (byte)sites.Length, // call sites are in four bytes
            .. sites, .. actions, .. types,
        ];
    }

    private static byte[] Frames(nint code, int codeLength, nint clauses, nint personality)
    {
        byte[] common =
        [
            .. Half(0), 1, (byte)'z', (byte)'P', (byte)'L', (byte)'R', 0,
            1, 0x78, 16, // code in bytes, data in words downwards, return address in column 16
            11, 0, .. Word(personality), 0, 0, // addresses everywhere
            0x0C, 7, 8, 0x90, 1, // frame at rsp + 8, the return address below it
        ];
        byte[] function =
        [
            .. Half(4 + common.Length + 4), .. Word(code), .. Word(codeLength), 8, .. Word(clauses),
            0x41, 0x0E, 16, 0x83, 2, // behind the push the frame is at rsp + 16, rbx below the return address
        ];
        return [.. Half(common.Length), .. common, .. Half(function.Length), .. function, .. Half(0)];
    }

    private static byte[] Half(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Word(nint value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(nint address, nint length, int protection);
}
