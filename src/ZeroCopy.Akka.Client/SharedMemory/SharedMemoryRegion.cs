using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace ZeroCopy.Client.SharedMemory;

/// <summary>
/// Memory that this process and a server on the same host both see, an object of POSIX shared memory: the inputs and outputs that lie in
/// it are not sent. Made here, registered with the server, and gone with <see cref="Dispose"/>, after which no part of it may be used.
/// Thread-safe.
/// </summary>
public sealed class SharedMemoryRegion : IDisposable
{
    private const string Folder = "/dev/shm";

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private SharedMemoryRegion(string name, string path, long byteSize, MemoryMappedFile file)
    {
        (Name, ByteSize, _path, _file) = (name, byteSize, path, file);
        _view = file.CreateViewAccessor(0, byteSize);
    }

    /// <summary>What the server calls it.</summary>
    public string Name { get; }

    /// <summary>Name of the object of shared memory, as <c>shm_open</c> takes it.</summary>
    public string Key => "/" + Path.GetFileName(_path);

    /// <summary>Its size.</summary>
    public long ByteSize { get; }

    internal SafeMemoryMappedViewHandle Handle => _view.SafeMemoryMappedViewHandle;

    /// <summary>Makes a region, filled with zeros, that this user alone may open.</summary>
    /// <param name="byteSize">Its size.</param>
    /// <exception cref="PlatformNotSupportedException">There is no /dev/shm here.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The size is zero or less.</exception>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static SharedMemoryRegion Create(long byteSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(byteSize);
        if (!OperatingSystem.IsLinux() || !Directory.Exists(Folder))
        {
            throw new PlatformNotSupportedException($"Shared memory of this kind needs Linux and its {Folder}.");
        }

        var name = $"zerocopy-client-{Environment.ProcessId}-{Guid.NewGuid():N}";
        var path = Path.Combine(Folder, name);
        // With its room taken at once: a file with holes would end the process that writes to one where there is none left.
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            PreallocationSize = byteSize,
        });
        try
        {
            stream.SetLength(byteSize);
            var file = MemoryMappedFile.CreateFromFile(
                stream, null, byteSize, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
            return new SharedMemoryRegion(name, path, byteSize, file);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>A part of it, for one input or output.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="byteSize">Its size, <see cref="Array.MaxLength"/> at most.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie in the region.</exception>
    public SharedMemorySlice Slice(long offset, int byteSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(byteSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteSize - byteSize);
        return new SharedMemorySlice(this, offset, byteSize);
    }

    /// <summary>Removes it; a server that has it registered keeps its pages until it is unregistered there.</summary>
    public void Dispose()
    {
        if (!Handle.IsClosed)
        {
            _view.Dispose();
            _file.Dispose();
            File.Delete(_path);
        }
    }
}
