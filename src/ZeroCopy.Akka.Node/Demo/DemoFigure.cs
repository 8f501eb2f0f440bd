namespace ZeroCopy.Node.Demo;

/// <summary>Something that the demo measured with the product and without it, in the same run.</summary>
/// <param name="Name">What was measured; less is better.</param>
/// <param name="Unit">Unit of both values.</param>
/// <param name="Shared">With shared weights.</param>
/// <param name="Alone">Without.</param>
internal sealed record DemoFigure(string Name, string Unit, double Shared, double Alone)
{
    public double Ratio => Alone / Shared;
}
