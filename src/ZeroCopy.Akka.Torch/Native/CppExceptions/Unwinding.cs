using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// What a thread knows of a stack that it walks, and then takes down, with GCC's unwinder. Source: Itanium C++ ABI, exception handling,
/// sections 1.2 to 1.6.
/// </summary>
internal sealed unsafe class Unwinding
{
    private const int Alignment = 16;
    private const int HeaderBytes = 32;
    private const long HeaderKind = 0x5A43_414B_4B41_0000;

    private static readonly string[] Raisers = ["__cxa_throw", "__cxa_rethrow", "_ZSt17rethrow_exception"];

    // Numbers of rbx, rbp and r12 to r15 in DWARF.
    private static readonly int[] Saved = [3, 6, 12, 13, 14, 15];
    private static readonly nint Unwinder = NativeLibrary.Load("libgcc_s.so.1");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> GetInstruction =
        (delegate* unmanaged[Cdecl]<nint, nint>)Function("_Unwind_GetIP");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> GetStackPointer =
        (delegate* unmanaged[Cdecl]<nint, nint>)Function("_Unwind_GetCFA");
    private static readonly delegate* unmanaged[Cdecl]<nint, int, long> GetRegister =
        (delegate* unmanaged[Cdecl]<nint, int, long>)Function("_Unwind_GetGR");
    private static readonly nint ForcedUnwind = Function("_Unwind_ForcedUnwind");
    private static readonly nint Cpp = LoadedLibrary.Find(CppRuntime.Address).Base;

    // Neither may lie on the stack that goes.
    private readonly TerminateHandler.Registers* _registers;
    private readonly nint _header;
    private readonly byte[] _memory = GC.AllocateArray<byte>(
        Alignment + sizeof(TerminateHandler.Registers) + Alignment + HeaderBytes, pinned: true);

    private Raising _raising;
    private nint _last;
    private nint _lastButOne;

    public Unwinding()
    {
        var start = Align((nint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0));
        _registers = (TerminateHandler.Registers*)start;
        _header = Align(start + sizeof(TerminateHandler.Registers));
    }

    // While frames are being taken down an exception that nobody catches cannot be dealt with.
    private bool IsUnderWay { get; set; }

    /// <summary>The address of a function of the unwinder.</summary>
    public static nint Function(string name) => NativeLibrary.GetExport(Unwinder, name);

    /// <summary>
    /// Notes a frame. The first is the terminate handler's own. Then come those of the C++ runtime, down to the function that raises an
    /// exception, and the frame that called it. Where there is no such function before the first other frame, the exception was on its way
    /// already.
    /// </summary>
    public void Visit(nint context)
    {
        var instruction = GetInstruction(context);
        (_lastButOne, _last) = (_last, instruction);
        if (IsUnderWay)
        {
            return;
        }

        switch (_raising)
        {
            case Raising.Begun:
                _raising = Raising.Sought;
                break;
            case Raising.Sought:
                // A return address behind a call that does not return may be the next function's first.
                var (library, _, function) = LoadedLibrary.Find(instruction - 1);
                if (library != Cpp)
                {
                    _raising = Raising.None;
                }
                else if (Raisers.Any(raiser => function.StartsWith(raiser, StringComparison.Ordinal)))
                {
                    _raising = Raising.Next;
                }

                break;
            case Raising.Next:
                _raising = Raising.Found;
                Read(context);
                break;
        }
    }

    /// <summary>
    /// Ends the walk. Whether an exception was raised below managed code, which is the last that the unwinder can see; returns the native
    /// function that managed code called, or the one that this has jumped to at its end.
    /// </summary>
    public bool TryFinish(out (nint Base, string File, string Function) called)
    {
        called = LoadedLibrary.Find(_lastButOne - 1);
        var isWhole = _raising == Raising.Found && !IsUnderWay && LoadedLibrary.Find(_last).Base == 0;
        _raising = Raising.Begun;
        return isWhole;
    }

    /// <summary>
    /// From the frame that threw, as if it had called the unwinder instead: where it would go on, it calls <paramref name="stop"/>.
    /// </summary>
    public TerminateHandler.Registers* Begin(nint stop)
    {
        IsUnderWay = true;
        new Span<byte>((void*)_header, HeaderBytes).Clear();
        *(long*)_header = HeaderKind;

        // The return address of the call that did not return is still there.
        _registers->StackPointer -= sizeof(nint);
        (_registers->Target, _registers->First, _registers->Second) = (ForcedUnwind, _header, stop);
        return _registers;
    }

    /// <summary>From the managed code that called.</summary>
    public TerminateHandler.Registers* End(nint context)
    {
        IsUnderWay = false;
        Read(context);
        _registers->Target = GetInstruction(context);
        return _registers;
    }

    private void Read(nint context)
    {
        for (var i = 0; i < Saved.Length; i++)
        {
            _registers->Saved[i] = GetRegister(context, Saved[i]);
        }

        _registers->StackPointer = GetStackPointer(context);
    }

    private static nint Align(nint address) => (address + Alignment - 1) & -Alignment;

    private enum Raising
    {
        Begun,
        Sought,
        Next,
        Found,
        None,
    }
}
