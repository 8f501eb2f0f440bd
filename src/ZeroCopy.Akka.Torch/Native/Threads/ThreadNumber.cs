using System.Runtime.InteropServices;
using TorchSharp;

namespace ZeroCopy.Torch.Native.Threads;

/// <summary>
/// The number of threads that libtorch's operations use, for one thread of the process alone. TorchSharp has <c>at::set_num_threads</c>
/// only, which is also what every later thread starts with: it keeps the number for the process and applies it to each thread at that one's
/// first operation.
/// </summary>
/// <remarks>
/// The number itself is that of OpenMP, which libtorch's kernels and oneDNN ask for, and that of MKL; either library has a setter for the
/// calling thread. Sources: ATen/ParallelOpenMP.cpp of PyTorch 2.10; OpenMP, <c>omp_set_num_threads</c>; oneMKL,
/// <c>mkl_set_num_threads_local</c>.
/// </remarks>
internal sealed unsafe class ThreadNumber
{
    private const string NotFound =
        "The number of threads cannot be set for one thread alone with these libraries (it takes libtorch for Linux with OpenMP): threads "
        + "that start to compute after a pool has run have its number. Where that matters, call torch.set_num_threads in each thread of "
        + "your own.";

    private static readonly Lazy<ThreadNumber?> Found = new(Find);

    [ThreadStatic]
    private static (int OpenMp, int Mkl)? _kept;

    private readonly delegate* unmanaged[Cdecl]<int, void> _setOpenMp;
    private readonly delegate* unmanaged[Cdecl]<int, int> _setMkl;
    private readonly delegate* unmanaged[Cdecl]<void> _initialise;

    private ThreadNumber(nint setOpenMp, nint setMkl, nint initialise)
    {
        _setOpenMp = (delegate* unmanaged[Cdecl]<int, void>)setOpenMp;
        _setMkl = (delegate* unmanaged[Cdecl]<int, int>)setMkl;
        _initialise = (delegate* unmanaged[Cdecl]<void>)initialise;
    }

    /// <summary>Null where the libraries of this process do not have what it takes.</summary>
    public static ThreadNumber? Own => Found.Value;

    /// <summary>Gives the calling thread a number.</summary>
    public void Set(int threads)
    {
        SaveOwn();
        _setOpenMp(threads);
        SetMkl(threads);
    }

    /// <summary>
    /// Gives the calling thread what libtorch gives to a new one: what the program has set for the process, else MKL's own number.
    /// </summary>
    public void SetToProcess()
    {
        SaveOwn();
        // Without one of the thread's own, or that would be taken for MKL's.
        SetMkl(0);
        _initialise();
    }

    /// <summary>Gives the calling thread back what it had before it was given a number here.</summary>
    public void Restore()
    {
        if (_kept is { } kept)
        {
            _kept = null;
            _setOpenMp(kept.OpenMp);
            SetMkl(kept.Mkl);
        }
    }

    private void SaveOwn()
    {
        if (_kept is null)
        {
            // Asked for first, which initialises the thread: its first operation would replace the number.
            var openMp = torch.get_num_threads();
            _kept = (openMp, SetMkl(0));
        }
    }

    // Zero, which is what a thread starts with, follows the number of the process.
    private int SetMkl(int threads) => _setMkl is null ? 0 : _setMkl(threads);

    private static ThreadNumber? Find()
    {
        _ = torch.get_num_threads();
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libtorch_cpu.so", out var libtorch)
            && NativeLibrary.TryGetExport(libtorch, "_ZN2at16init_num_threadsEv", out var initialise))
        {
            // With a library comes what it depends on: its own OpenMP, unless another one was there before (LD_PRELOAD) and is used in its
            // place.
            foreach (var library in (ReadOnlySpan<nint>)[libtorch, NativeLibrary.GetMainProgramHandle()])
            {
                if (NativeLibrary.TryGetExport(library, "omp_set_num_threads", out var setOpenMp) && IsLibtorchs(setOpenMp))
                {
                    _ = NativeLibrary.TryGetExport(libtorch, "MKL_Set_Num_Threads_Local", out var setMkl);
                    return new ThreadNumber(setOpenMp, setMkl, initialise);
                }
            }
        }

        LibraryWarnings.Add(NotFound);
        return null;
    }

    private static bool IsLibtorchs(nint setOpenMp)
    {
        var set = (delegate* unmanaged[Cdecl]<int, void>)setOpenMp;
        var before = torch.get_num_threads();
        set(before + 1);
        var heard = torch.get_num_threads() == before + 1;
        set(before);
        return heard;
    }
}
