using ZeroCopy.Datasets;

namespace ZeroCopy.Node.Batch;

/// <summary>How many actors make sense on a host.</summary>
internal static class ActorCount
{
    private const int MostPerProcessor = 16;
    private const int MostOfCluster = 4096;

    /// <summary>Refuses more for a cluster than a client could have calls under way.</summary>
    /// <exception cref="DatasetException">So many.</exception>
    public static int CheckForCluster(int actors) => actors <= MostOfCluster ? actors : throw new DatasetException(
        $"--actors is {actors}, and a job has calls for {MostOfCluster} of a cluster at most; use as many as "
        + "its nodes have for the model.");

    /// <summary>Says where more are wanted than there are processors, and refuses many more.</summary>
    /// <exception cref="DatasetException">So many that they would only be in each other's way.</exception>
    public static int Check(int actors, TextWriter error)
    {
        var processors = Environment.ProcessorCount;
        if (actors > MostPerProcessor * processors)
        {
            throw new DatasetException(
                $"--actors is {actors}, and {processors} processors take {MostPerProcessor * processors} at most, {MostPerProcessor} each: "
                + $"more would only wait for each other. Use about {processors}.");
        }

        if (actors > processors)
        {
            error.WriteLine(
                $"zerocopy: {actors} actors are more than the {processors} processors; they take turns, and compute no faster.");
        }

        return actors;
    }
}
