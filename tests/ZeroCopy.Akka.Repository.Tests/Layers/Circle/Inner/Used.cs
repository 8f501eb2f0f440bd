namespace ZeroCopy.Repository.Tests.Layers.Circle.Inner;

internal sealed class Used;
