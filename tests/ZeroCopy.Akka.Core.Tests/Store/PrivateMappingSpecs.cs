using System.Runtime.InteropServices;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Tests.Store;

public sealed class PrivateMappingSpecs : StoreFixture
{
    [Fact]
    public async Task PrivateMapping_should_show_a_write_to_its_holder_alone()
    {
        var handle = await Store.PutAsync(Model(seed: 1));
        using var lease = Store.Acquire(handle.Id, "test");
        using var mine = lease.MapPrivately();
        using var other = lease.MapPrivately();
        var block = lease.Manifest.Tensors.Single().Block;
        var (own, others) = (mine.Retain(block), other.Retain(block));
        var before = Marshal.ReadByte(own);

        Marshal.WriteByte(own, (byte)~before);

        Assert.Equal((byte)~before, Marshal.ReadByte(own));
        Assert.Equal(before, Marshal.ReadByte(others));
        Assert.Equal(before, lease.Bytes(block)[0]);
        Assert.True((await Store.VerifyAsync()).Damaged.IsEmpty);
        ModelLease.Release(own);
        ModelLease.Release(others);
    }

    [Fact]
    public async Task PrivateMapping_should_live_as_long_as_its_blocks_are_retained()
    {
        var handle = await Store.PutAsync(Model(seed: 1));
        var before = StoreDiagnostics.LiveMappings;
        nint address;
        byte first;
        using (var lease = Store.Acquire(handle.Id, "test"))
        {
            using var mapping = lease.MapPrivately();
            var block = lease.Manifest.Tensors.Single().Block;
            address = mapping.Retain(block);
            first = lease.Bytes(block)[0];
        }

        Assert.Equal(first, Marshal.ReadByte(address));
        Assert.Equal(before + 1, StoreDiagnostics.LiveMappings);
        ModelLease.Release(address);
        Assert.Equal(before, StoreDiagnostics.LiveMappings);
    }

    [Fact]
    public async Task PrivateMapping_should_give_no_address_after_its_end()
    {
        var handle = await Store.PutAsync(Model(seed: 1));
        using var lease = Store.Acquire(handle.Id, "test");
        var mapping = lease.MapPrivately();
        var block = lease.Manifest.Tensors.Single().Block;
        mapping.Dispose();
        mapping.Dispose();

        Assert.Throws<ObjectDisposedException>(() => mapping.Retain(block));
    }

    [SkippableFact]
    public async Task ObjectStore_should_map_without_write_permission_where_writes_are_to_be_found()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Permissions of mappings are read from /proc.");
        using var store = Open(options => options with { Mapping = MappingMode.ReadOnly });
        var handle = await store.PutAsync(Content(ArrayTensorSource.Random("weight", 1000, 1)));
        using var lease = store.Acquire(handle.Id, "test");
        var address = lease.Retain(lease.Manifest.Tensors.Single().Block);

        Assert.Equal("r--", Permissions(address));
        ModelLease.Release(address);
    }

    private static string Permissions(nint address)
    {
        // "7f00c8000000-7f00c8021000 rw-p 00000000 00:00 0   /path"
        var line = File.ReadLines("/proc/self/maps").Single(line =>
        {
            var range = line[..line.IndexOf(' ')].Split('-');
            return address >= nint.Parse(range[0], System.Globalization.NumberStyles.HexNumber)
                && address < nint.Parse(range[1], System.Globalization.NumberStyles.HexNumber);
        });
        return line.Substring(line.IndexOf(' ') + 1, 3);
    }
}
