using ZeroCopy.Serving.Figures;

namespace ZeroCopy.Serving.Tests.Figures;

public sealed class SnapshotHistorySpecs
{
    private readonly SnapshotHistory _history = new(TimeSpan.FromSeconds(60));

    [Fact]
    public void SnapshotHistory_should_begin_at_the_start_until_it_is_as_old_as_its_window()
    {
        Add(0, 30, 59);

        Assert.Same(MetricSnapshot.Empty, _history.Beginning());
    }

    [Fact]
    public void SnapshotHistory_should_begin_with_the_last_snapshot_before_its_window()
    {
        Add(0, 30, 59, 61, 89, 92);

        Assert.Equal(30, Seconds(_history.Beginning()));
    }

    [Fact]
    public void SnapshotHistory_should_begin_at_the_start_where_nobody_looked_for_long()
    {
        Add(0, 1000);

        Assert.Same(MetricSnapshot.Empty, _history.Beginning());
    }

    [Fact]
    public void SnapshotHistory_should_know_the_oldest_snapshot_of_a_while()
    {
        Add(0);
        Assert.Null(_history.OldestOf(TimeSpan.FromSeconds(10)));

        Add(5, 8, 15);
        Assert.Equal(5, Seconds(_history.OldestOf(TimeSpan.FromSeconds(10))!));
    }

    private static double Seconds(MetricSnapshot snapshot) => (snapshot.Time - DateTimeOffset.UnixEpoch).TotalSeconds;

    private void Add(params double[] seconds)
    {
        foreach (var second in seconds)
        {
            _history.Add(new MetricSnapshot(DateTimeOffset.UnixEpoch.AddSeconds(second), []));
        }
    }
}
