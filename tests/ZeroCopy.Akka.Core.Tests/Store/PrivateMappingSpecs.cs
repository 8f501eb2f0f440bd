using System.Runtime.InteropServices;
using ZeroCopy.Content;
using ZeroCopy.Memory;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
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
        Assert.Equal(before + 2, StoreDiagnostics.LiveMappings);
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

    [Theory]
    [InlineData(100, PrivateMapping.PlentyOfMappings)]
    [InlineData(100, 0)]
    [InlineData(100_000, 0)]
    public async Task PrivateMapping_should_hold_tensors_with_equal_bytes_apart(int length, int plentyOfMappings)
    {
        var handle = await Store.PutAsync(Zeros("a", "b", "c", length));
        using var lease = Store.Acquire(handle.Id, "test");
        using var mapping = lease.MapPrivately(isReadOnly: false, plentyOfMappings);
        var addresses = lease.Manifest.Tensors.Select(mapping.Retain).ToList();

        Assert.Single(lease.Manifest.Blocks);
        foreach (var address in addresses)
        {
            Fill(address, length, 7);
            Assert.All(addresses.Where(other => other != address), other => AssertFilled(other, length, 0));
            Fill(address, length, 0);
        }

        Assert.All(addresses, address => Assert.Equal(0, address % 64));
        addresses.ForEach(ModelLease.Release);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task PrivateMapping_should_hold_equal_tensors_of_other_models_apart(int length)
    {
        var one = await Store.PutAsync(Zeros("a", "b", "c", length));
        var other = await Store.PutAsync(Zeros("a", "b", "d", length));
        using var lease = Store.Acquire(one.Id, "one");
        using var otherLease = Store.Acquire(other.Id, "other");
        using var mapping = lease.MapPrivately();
        using var otherMapping = otherLease.MapPrivately();
        var addresses = lease.Manifest.Tensors.Select(mapping.Retain).ToList();
        var others = otherLease.Manifest.Tensors.Select(otherMapping.Retain).ToList();

        addresses.ForEach(address => Fill(address, length, 7));

        Assert.All(others, address => AssertFilled(address, length, 0));
        Assert.Equal(-1, otherLease.Bytes(otherLease.Manifest.Tensors[0].Block).IndexOfAnyExcept((byte)0));
        addresses.Concat(others).ToList().ForEach(ModelLease.Release);
    }

    [Fact]
    public async Task PrivateMapping_should_give_tensors_with_equal_bytes_one_address_where_nobody_writes()
    {
        var handle = await Store.PutAsync(Zeros("a", "b", "c", 100_000));
        using var lease = Store.Acquire(handle.Id, "test");
        using var mapping = lease.MapPrivately(isReadOnly: true);
        var addresses = lease.Manifest.Tensors.Select(mapping.Retain).ToList();

        Assert.Single(addresses.Distinct());
        addresses.ForEach(ModelLease.Release);
    }

    [Theory]
    [InlineData(100, PrivateMapping.PlentyOfMappings)]
    [InlineData(100, 0)]
    [InlineData(100_000, 0)]
    public async Task PrivateMapping_should_free_what_it_holds_apart_with_the_last_address(int length, int plentyOfMappings)
    {
        var before = StoreDiagnostics.LiveMappings;
        var handle = await Store.PutAsync(Zeros("a", "b", "c", length));
        List<nint> addresses;
        using (var lease = Store.Acquire(handle.Id, "test"))
        {
            using var mapping = lease.MapPrivately(isReadOnly: false, plentyOfMappings);
            addresses = [.. lease.Manifest.Tensors.Select(mapping.Retain)];
        }

        addresses.ForEach(address => AssertFilled(address, length, 0));
        addresses.ForEach(ModelLease.Release);

        Assert.Equal(before, StoreDiagnostics.LiveMappings);
    }

    [SkippableFact]
    public async Task ModelLease_should_map_without_write_permission()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Permissions of mappings are read from /proc.");
        var handle = await Store.PutAsync(Model(seed: 1));
        using var lease = Store.Acquire(handle.Id, "test");
        var address = lease.Retain(lease.Manifest.Tensors.Single().Block);

        Assert.Equal("r--", Permissions(address));
        ModelLease.Release(address);
    }

    [SkippableFact]
    public async Task ObjectStore_should_map_without_write_permission_where_writes_are_to_be_found()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Permissions of mappings are read from /proc.");
        using var store = Open(options => options with { Mapping = MappingMode.ReadOnly });
        var handle = await store.PutAsync(Content(ArrayTensorSource.Random("weight", 1000, 1)));
        using var lease = store.Acquire(handle.Id, "test");
        using var mapping = lease.MapPrivately();
        var address = mapping.Retain(lease.Manifest.Tensors.Single());

        Assert.Equal("r--", Permissions(address));
        ModelLease.Release(address);
    }

    private static ModelContent Zeros(string first, string second, string third, int length) => Content(
        [
            .. from name in new[] { first, second, third } select new ArrayTensorSource(
                name, new TensorLayout(DType.UInt8, length), new byte[length]),
        ]);

    private static unsafe void Fill(nint address, int length, byte value) => new Span<byte>((void*)address, length).Fill(value);

    private static unsafe void AssertFilled(nint address, int length, byte value) =>
        Assert.Equal(-1, new ReadOnlySpan<byte>((void*)address, length).IndexOfAnyExcept(value));

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
