namespace ZeroCopy.Repository.Tests.Layers.Circle;

internal abstract class Base;
