using Akka.Event;
using Akka.TestKit.Xunit2;
using ZeroCopy.Clustering.Nodes;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Clustering.Tests.Nodes;

public sealed class RolloutFilesSpecs : TestKit
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void RolloutFiles_should_bring_back_what_was_kept()
    {
        Files().Keep("bert", new Rollout(3, 25, 2, 10));
        Files().Keep("../other", new Rollout(1, 100, null, 11));

        var read = Files().Read();

        Assert.Equal(["../other", "bert"], read.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((new Rollout(3, 25, 2, 10), new Rollout(1, 100, null, 11)), (read["bert"], read["../other"]));
        Assert.Equal(["rollouts"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void RolloutFiles_should_keep_the_newest_decision()
    {
        Files().Keep("bert", new Rollout(3, 100, 2, 10));
        Files().Keep("bert", new Rollout(2, 100, 1, 9));

        Assert.Equal(3, Files().Read()["bert"].Version);

        Files().Keep("bert", new Rollout(4, 100, 3, 11));
        Assert.Equal(4, Files().Read()["bert"].Version);
    }

    [Fact]
    public void RolloutFiles_should_forget_a_name_and_no_other()
    {
        Files().Keep("bert", new Rollout(3, 100, 2, 10));
        Files().Keep("other", new Rollout(2, 100, 1, 9));

        Files().Forget("bert");
        Files().Forget("never kept");

        Assert.Equal(["other"], Files().Read().Keys);
    }

    [Fact]
    public void RolloutFiles_should_say_which_file_is_none_and_go_on()
    {
        Files().Keep("bert", new Rollout(3, 100, 2, 10));
        File.WriteAllText(Path.Combine(_directory.Path, "rollouts", "broken.json"), "{");

        EventFilter.Warning(contains: "broken.json").ExpectOne(() => Assert.Equal(["bert"], Files().Read().Keys));
    }

    [Fact]
    public void RolloutFiles_should_delete_what_a_killed_process_left_and_nothing_that_is_written_now()
    {
        Files().Keep("bert", new Rollout(3, 100, 2, 10));
        var folder = Path.Combine(_directory.Path, "rollouts");
        var (left, written) = (Path.Combine(folder, "bert.json.1"), Path.Combine(folder, "bert.json.2"));
        File.WriteAllText(left, "{");
        File.WriteAllText(written, "{");
        File.SetLastWriteTimeUtc(left, DateTime.UnixEpoch);

        Assert.Equal(["bert"], Files().Read().Keys);

        Assert.Equal((false, true), (File.Exists(left), File.Exists(written)));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private RolloutFiles Files() => new(_directory.Path, Logging.GetLogger(Sys, typeof(RolloutFiles)));
}
