using ZeroCopy.Repository.Tests.Layers.Circle.Inner;

namespace ZeroCopy.Repository.Tests.Layers.Circle;

internal sealed class Outer
{
    public Used? Held { get; init; }
}
