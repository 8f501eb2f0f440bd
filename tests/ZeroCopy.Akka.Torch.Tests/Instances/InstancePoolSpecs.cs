using ZeroCopy.Torch.Instances;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class InstancePoolSpecs
{
    private readonly List<string> _events = [];
    private readonly InstancePool<string> _pool;

    public InstancePoolSpecs() => _pool = Pool(maxIdle: 1);

    [Fact]
    public void InstancePool_should_rent_what_was_returned_to_the_next_holder()
    {
        var first = _pool.RentNew(() => "one");
        Assert.False(_pool.TryRent(out _));
        first.Dispose();
        first.Dispose();

        Assert.True(_pool.TryRent(out var second));
        Assert.Same(first.Target, second.Target);
        Assert.False(_pool.TryRent(out _));
        Assert.Empty(_events);
    }

    [Fact]
    public void InstancePool_should_release_what_is_returned_when_all_places_are_taken()
    {
        var (first, second) = (_pool.RentNew(() => "one"), _pool.RentNew(() => "two"));

        first.Dispose();
        second.Dispose();

        Assert.Equal("release two", Assert.Single(_events));
    }

    [Fact]
    public void InstancePool_should_release_what_is_discarded()
    {
        _pool.RentNew(() => "one").Discard();

        Assert.Equal("release one", Assert.Single(_events));
        Assert.False(_pool.TryRent(out _));
    }

    [Fact]
    public void InstancePool_should_free_behind_the_last_instance_when_it_was_disposed_before()
    {
        var (first, second) = (_pool.RentNew(() => "one"), _pool.RentNew(() => "two"));
        first.Dispose();

        _pool.Dispose();
        Assert.Equal("release one", Assert.Single(_events));
        Assert.Throws<ObjectDisposedException>(() => _pool.RentNew(() => "three"));
        second.Dispose();

        Assert.True(_pool.IsClosed);
        Assert.Equal(["release one", "release two", "free"], _events);
    }

    [Fact]
    public void InstancePool_should_leave_a_shared_instance_to_its_owner()
    {
        var (one, other) = (_pool.RentShared(() => "shared"), _pool.RentShared(() => "shared"));
        one.Dispose();
        other.Discard();

        Assert.False(_pool.TryRent(out _));
        _pool.Dispose();
        Assert.Equal("free", Assert.Single(_events));
    }

    [Fact]
    public void InstancePool_should_not_stay_held_by_an_instance_that_cannot_be_made()
    {
        Assert.Throws<FormatException>(() => _pool.RentNew(() => throw new FormatException()));

        _pool.Dispose();
        Assert.Equal("free", Assert.Single(_events));
    }

    [Fact]
    public void InstancePool_should_keep_what_instances_are_made_of_while_one_is_made()
    {
        var rented = _pool.RentNew(() =>
        {
            _pool.Dispose();
            Assert.Empty(_events);
            return "late";
        });
        rented.Dispose();

        Assert.Equal(["release late", "free"], _events);
    }

    [Fact]
    public void RentedInstance_should_run_nothing_when_it_was_returned()
    {
        var returned = _pool.RentNew(() => "one");
        returned.Dispose();

        Assert.Throws<ObjectDisposedException>(() => returned.Run((_, _) => null, null));
    }

    private InstancePool<string> Pool(int maxIdle) =>
        new("bert@3", maxIdle, instance => _events.Add($"release {instance}"), () => _events.Add("free"));
}
