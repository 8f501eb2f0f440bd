using System.Runtime.InteropServices;

namespace ZeroCopy.Torch.Native.CppExceptions;

/// <summary>
/// What it takes of GCC's C++ runtime (libstdc++) to deal with an exception from outside of C++. Source: Itanium C++ ABI, exception
/// handling.
/// </summary>
internal static unsafe class CppRuntime
{
    // Places in the tables of virtual functions: a type's "does a handler of you catch this", an exception's text.
    private const int Catches = 4;
    private const int What = 2;

    private static readonly nint Library = NativeLibrary.Load("libstdc++.so.6");
    private static readonly delegate* unmanaged[Cdecl]<nint> CurrentType =
        (delegate* unmanaged[Cdecl]<nint>)Export("__cxa_current_exception_type");
    private static readonly delegate* unmanaged[Cdecl]<nint*, void> Current =
        (delegate* unmanaged[Cdecl]<nint*, void>)Export("_ZSt17current_exceptionv");
    private static readonly delegate* unmanaged[Cdecl]<nint*, void> Release =
        (delegate* unmanaged[Cdecl]<nint*, void>)Export("_ZNSt15__exception_ptr13exception_ptrD1Ev");
    private static readonly delegate* unmanaged[Cdecl]<void> EndCatchFunction = (delegate* unmanaged[Cdecl]<void>)Export("__cxa_end_catch");
    private static readonly nint AnyException = Export("_ZTISt9exception");

    /// <summary>An address inside the library.</summary>
    public static nint Address => AnyException;

    /// <summary>Whether an exception is being handled on this thread.</summary>
    public static bool HasCurrentException => CurrentType() != 0;

    /// <summary>What is called where nobody catches an exception.</summary>
    public static nint TerminateHandler
    {
        get => ((delegate* unmanaged[Cdecl]<nint>)Export("_ZSt13get_terminatev"))();
        set => ((delegate* unmanaged[Cdecl]<nint, nint>)Export("_ZSt13set_terminatePFvvE"))(value);
    }

    /// <summary>What the exception that is being handled on this thread says of itself, or else its type.</summary>
    public static string DescribeCurrent()
    {
        var type = CurrentType();
        nint exception;
        Current(&exception);
        try
        {
            // A handler of std::exception gets the part of the object that is one.
            var caught = exception;
            var catches = (delegate* unmanaged[Cdecl]<nint, nint, nint*, uint, byte>)Virtual(AnyException, Catches);
            return catches(AnyException, type, &caught, 1) != 0
                ? Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint, nint>)Virtual(caught, What))(caught)) ?? ""
                : $"a C++ exception of type {Marshal.PtrToStringUTF8(((nint*)type)[1])}";
        }
        finally
        {
            Release(&exception);
        }
    }

    /// <summary>Ends the handling of the current exception, which frees it.</summary>
    public static void EndCatch() => EndCatchFunction();

    private static nint Virtual(nint instance, int place) => (*(nint**)instance)[place];

    private static nint Export(string name) => NativeLibrary.GetExport(Library, name);
}
