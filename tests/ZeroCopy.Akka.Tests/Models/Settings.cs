namespace ZeroCopy.Product.Tests.Models;

internal sealed record Settings(string Language, int Depth, double[] Thresholds);
