namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>Something in a script that may write.</summary>
/// <param name="Operation">What writes, as the source text calls it.</param>
/// <param name="Function">The full name of the function that it stands in.</param>
/// <param name="Line">Its line in the file of that function, from 1.</param>
internal sealed record Finding(string Operation, string Function, int Line)
{
    public override string ToString() => $"{Operation} in {Function}, line {Line}";
}
