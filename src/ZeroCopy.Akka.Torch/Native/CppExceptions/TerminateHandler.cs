using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// The machine code of a terminate handler for C++ (System V ABI for AMD64): it has each frame of the stack visited, asks whether to go on,
/// and does so from a frame higher up, with the registers which that frame had. The unwinder walks through it by a table as a compiler
/// writes it (DWARF 4, section 6.4).
/// </summary>
internal static unsafe class TerminateHandler
{
    private const int PageBytes = 4096;
    private const int TableAt = 1024;
    private const int ReadWrite = 3;
    private const int ReadExecute = 5;
    private const int PrivateAnonymous = 0x22;

    // To where the registers at rax say.
    private static readonly byte[] Resume =
    [
        0x48, 0x89, 0xC7, // mov rdi, rax
        0x48, 0x8B, 0x1F, // mov rbx, [rdi]
        0x48, 0x8B, 0x6F, 0x08, // mov rbp, [rdi + 8]
        0x4C, 0x8B, 0x67, 0x10, // mov r12, [rdi + 16]
        0x4C, 0x8B, 0x6F, 0x18, // mov r13, [rdi + 24]
        0x4C, 0x8B, 0x77, 0x20, // mov r14, [rdi + 32]
        0x4C, 0x8B, 0x7F, 0x28, // mov r15, [rdi + 40]
        0x48, 0x8B, 0x67, 0x30, // mov rsp, [rdi + 48]
        0x48, 0x8B, 0x4F, 0x38, // mov rcx, [rdi + 56]
        0x48, 0x8B, 0x77, 0x48, // mov rsi, [rdi + 72]
        0x48, 0x8B, 0x7F, 0x40, // mov rdi, [rdi + 64]
        0x0F, 0x57, 0xC0, // xorps xmm0, xmm0
        0x31, 0xD2, // xor edx, edx
        0x31, 0xC0, // xor eax, eax
        0xFF, 0xE1, // jmp rcx
    ];

    /// <summary>Writes the handler; null on a system that lets no code be made at run time.</summary>
    /// <param name="visit">Called with the unwinder's context of each frame, from the handler's own on; returns 0 to see the next.</param>
    /// <param name="tryCatch">Called then. Returns <see cref="Registers"/> to go on with, or 0.</param>
    /// <param name="arrive">
    /// Called with the unwinder's context once all native frames are gone. Returns <see cref="Registers"/> to go on with.
    /// </param>
    /// <param name="previous">What goes on where <paramref name="tryCatch"/> returns 0: a handler that ends the process.</param>
    /// <param name="stop">The function for <c>_Unwind_ForcedUnwind</c> that leads to <paramref name="arrive"/>.</param>
    public static nint? TryWrite(
        delegate* unmanaged[Cdecl]<nint, nint, int> visit, delegate* unmanaged[Cdecl]<Registers*> tryCatch,
        delegate* unmanaged[Cdecl]<nint, Registers*> arrive, nint previous, out nint stop)
    {
        stop = 0;
        var handler = Handler((nint)visit, (nint)tryCatch, previous);
        byte[] code = [.. handler, .. Stop((nint)arrive)];
        var page = Map(0, PageBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (page == -1)
        {
            return null;
        }

        code.CopyTo(new Span<byte>((void*)page, TableAt));
        Table(page, handler.Length).CopyTo(new Span<byte>((void*)(page + TableAt), PageBytes - TableAt));
        if (Protect(page, PageBytes, ReadExecute) != 0)
        {
            _ = Unmap(page, PageBytes);
            return null;
        }

        // From then on the unwinder of GCC 12 and older takes a lock at each exception; that of GCC 13 does not.
        ((delegate* unmanaged[Cdecl]<nint, void>)Unwinding.Function("__register_frame"))(page + TableAt);
        stop = page + handler.Length;
        return page;
    }

    private static byte[] Handler(nint visit, nint tryCatch, nint previous)
    {
        byte[] end =
        [
            0x48, 0x83, 0xC4, 0x08, // add rsp, 8
            .. Address(previous),
            0xFF, 0xE0, // jmp rax
        ];
        return
        [
            0x48, 0x83, 0xEC, 0x08, // sub rsp, 8
            0x48, 0xBF, .. Word(visit), // mov rdi, visit
            0x31, 0xF6, // xor esi, esi
            .. Call(Unwinding.Function("_Unwind_Backtrace")),
            .. Call(tryCatch),
            0x48, 0x85, 0xC0, // test rax, rax
            0x75, (byte)end.Length, // jne past the end
            .. end,
            .. Resume,
        ];
    }

    private static byte[] Stop(nint arrive) =>
    [
        0x40, 0xF6, 0xC6, 0x10, // test sil, _UA_END_OF_STACK
        0x75, 0x03, // jne past the return
        0x31, 0xC0, // xor eax, eax
        0xC3, // ret
        0x48, 0x83, 0xEC, 0x08, // sub rsp, 8
        0x4C, 0x89, 0xC7, // mov rdi, r8: the context
        .. Call(arrive),
        .. Resume,
    ];

    private static byte[] Table(nint code, int codeLength)
    {
        byte[] common =
        [
            .. Half(0), 1, (byte)'z', (byte)'R', 0,
            1, 0x78, 16, // code in bytes, data in words downwards, return address in column 16
            1, 0, // addresses are words
            0x0C, 7, 8, 0x90, 1, // frame at rsp + 8, the return address below it
        ];
        byte[] function =
        [
            .. Half(4 + common.Length + 4), .. Word(code), .. Word(codeLength), 0,
            0x44, 0x0E, 16, // behind the subtraction the frame is at rsp + 16
        ];
        return [.. Half(common.Length), .. common, .. Half(function.Length), .. function, .. Half(0)];
    }

    // mov rax, address
    private static byte[] Address(nint address) => [0x48, 0xB8, .. Word(address)];

    private static byte[] Call(nint address) => [.. Address(address), 0xFF, 0xD0];

    private static byte[] Half(int value) => BitConverter.GetBytes(value);

    private static byte[] Word(nint value) => BitConverter.GetBytes(value.ToInt64());

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(nint address, nint length, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(nint address, nint length);

    /// <summary>Where to go on, and with which registers; those for a result are 0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Registers
    {
        /// <summary>rbx, rbp, r12, r13, r14, r15.</summary>
        public fixed long Saved[6];

        /// <summary>rsp.</summary>
        public nint StackPointer;

        /// <summary>Where to jump.</summary>
        public nint Target;

        /// <summary>The first two arguments of a function that is jumped to; the third is 0.</summary>
        public nint First, Second;
    }
}
