using ZeroCopy.Runtime;

namespace ZeroCopy.Benchmarks.Actors;

/// <summary>Joins requests of one row each without copying anything.</summary>
internal sealed class EmptyCodec : IBatchCodec
{
    public bool TryDescribe(object? request, out int rows, out object key)
    {
        rows = 1;
        key = "row";
        return true;
    }

    public object Join(IReadOnlyList<object> requests) => requests;

    public IReadOnlyList<object> Split(object answer, IReadOnlyList<int> rows) => (IReadOnlyList<object>)answer;

    public bool AreSame(object? one, object? other) => ReferenceEquals(one, other);

    public void Release(object? value)
    {
    }
}
