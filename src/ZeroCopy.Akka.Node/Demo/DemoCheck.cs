namespace ZeroCopy.Node.Demo;

/// <summary>Something that the demo compared with a direct call.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Passed">Whether it was so.</param>
/// <param name="Detail">What was seen.</param>
internal sealed record DemoCheck(string Name, bool Passed, string Detail);
