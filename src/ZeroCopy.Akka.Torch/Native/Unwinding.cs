using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native;

/// <summary>
/// What a thread knows of a stack that it walks, and then takes down, with GCC's unwinder. Source: Itanium C++ ABI, exception handling, sections 1.2 to 1.6.
/// </summary>
internal sealed unsafe class Unwinding
{
    private const int Alignment = 16;
    private const int HeaderBytes = 32;
    private const long HeaderKind = 0x5A43_414B_4B41_0000;

    // Numbers of rbx, rbp and r12 to r15 in DWARF.
    private static readonly int[] Saved = [3, 6, 12, 13, 14, 15];
    private static readonly nint Unwinder = NativeLibrary.Load("libgcc_s.so.1");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> GetInstruction = (delegate* unmanaged[Cdecl]<nint, nint>)Export("_Unwind_GetIP");
    private static readonly delegate* unmanaged[Cdecl]<nint, nint> GetStackPointer = (delegate* unmanaged[Cdecl]<nint, nint>)Export("_Unwind_GetCFA");
    private static readonly delegate* unmanaged[Cdecl]<nint, int, long> GetRegister = (delegate* unmanaged[Cdecl]<nint, int, long>)Export("_Unwind_GetGR");
    private static readonly nint ForcedUnwind = Export("_Unwind_ForcedUnwind");
    private static readonly nint Cpp = LoadedLibrary.Find(CppRuntime.Address).Base;

    // Neither may lie on the stack that goes.
    private readonly TerminateHandler.Registers* _registers;
    private readonly nint _header;
    private readonly byte[] _memory = GC.AllocateArray<byte>(Alignment + sizeof(TerminateHandler.Registers) + Alignment + HeaderBytes, pinned: true);

    private int _frames;
    private bool _hasThrower;
    private nint _last;
    private nint _lastButOne;

    public Unwinding()
    {
        var start = Align((nint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0));
        _registers = (TerminateHandler.Registers*)start;
        _header = Align(start + sizeof(TerminateHandler.Registers));
    }

    /// <summary>Whether frames are being taken down: an exception that nobody catches meanwhile cannot be dealt with.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Notes a frame: the first is the terminate handler's own, then come those of the C++ runtime, then the one that threw.</summary>
    public void Visit(nint context)
    {
        var instruction = GetInstruction(context);
        (_lastButOne, _last) = (_last, instruction);
        if (_frames++ > 0 && !_hasThrower && !IsUnderWay && LoadedLibrary.Find(instruction).Base != Cpp)
        {
            _hasThrower = true;
            Read(context);
        }
    }

    /// <summary>
    /// Ends the walk. Whether managed code, which is the last that the unwinder can see, called the function of <paramref name="library"/> that is told.
    /// </summary>
    public bool IsCallInto(nint library, out string function)
    {
        // A return address behind a call that does not return may be the next function's first.
        (var callee, function) = LoadedLibrary.Find(_lastButOne - 1);
        var isManaged = LoadedLibrary.Find(_last).Base == 0;
        _frames = 0;
        _hasThrower = false;
        return callee == library && isManaged;
    }

    /// <summary>From the frame that threw, as if it had called the unwinder instead: where it would go on, it calls <paramref name="stop"/>.</summary>
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

    private static nint Export(string name) => NativeLibrary.GetExport(Unwinder, name);
}
