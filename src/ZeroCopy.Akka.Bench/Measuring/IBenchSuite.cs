using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Measuring;

/// <summary>A group of figures of <c>zerocopy bench</c>, each measured against a baseline in the same run.</summary>
internal interface IBenchSuite
{
    /// <summary>The word on the command line.</summary>
    string Name { get; }

    /// <summary>One line for the help.</summary>
    string Description { get; }

    /// <summary>Whether its results lie on axes (<see cref="BenchResult.Point"/>), so that they can be drawn.</summary>
    bool MeasuresGrowth => false;

    /// <summary>What its worker processes can be told to do beside <see cref="WorkerVerbs"/>.</summary>
    IReadOnlyList<WorkerVerb> Verbs => [];

    /// <summary>Measures; <paramref name="progress"/> gets a line for each step.</summary>
    Task<IReadOnlyList<BenchResult>> RunAsync(IProgress<string> progress, CancellationToken cancellationToken);
}
