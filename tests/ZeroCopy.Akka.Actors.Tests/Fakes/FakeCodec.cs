using System.Collections.Concurrent;
using ZeroCopy.Runtime;

namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>Joins fake tensors and remembers every one it made.</summary>
internal sealed class FakeCodec : IBatchCodec
{
    public ConcurrentBag<FakeTensor> Joined { get; } = [];

    public ConcurrentBag<FakeTensor> Parts { get; } = [];

    /// <summary>Runs before a value is released.</summary>
    public Action<object?> OnRelease { get; init; } = _ => { };

    /// <summary>Runs before requests are joined.</summary>
    public Action OnJoin { get; set; } = () => { };

    /// <summary>Runs before a request is described.</summary>
    public Action OnDescribe { get; set; } = () => { };

    /// <summary>The kind of a request.</summary>
    public Func<FakeTensor, string> KeyOf { get; init; } = _ => "rows";

    /// <summary>What it is padded by; null where it does not pad.</summary>
    public RequestPadding? Padding { get; private init; }

    public bool TryDescribe(object? request, out int rows, out object key)
    {
        OnDescribe();
        rows = request is FakeTensor tensor ? tensor.Rows.Length : 0;
        key = rows > 0 ? KeyOf((FakeTensor)request!) : "";
        return rows > 0;
    }

    public object GroupOf(object key) => Padding is null ? key : "padded";

    public IBatchCodec? WithPadding(RequestPadding padding) =>
        padding.Inputs.ContainsKey("rows") ? new FakeCodec { KeyOf = KeyOf, Padding = padding } : null;

    public object Cut(object answer, object key) =>
        Padding is null ? answer : new FakeTensor([.. ((FakeTensor)answer).Rows.Select(row => row % Padding.Buckets[0])]);

    public object Join(IReadOnlyList<object> requests)
    {
        OnJoin();
        var joined = new FakeTensor([.. requests.Cast<FakeTensor>().SelectMany(request => request.Rows)]);
        Joined.Add(joined);
        return joined;
    }

    public IReadOnlyList<object> Split(object answer, IReadOnlyList<int> rows)
    {
        var whole = (FakeTensor)answer;
        var parts = new List<object>();
        var at = 0;
        foreach (var count in rows)
        {
            var part = new FakeTensor(whole.Rows[at..(at + count)]);
            Parts.Add(part);
            parts.Add(part);
            at += count;
        }

        whole.Dispose();
        return parts;
    }

    public bool AreSame(object? one, object? other) => ((FakeTensor)one!).Rows.AsSpan().SequenceEqual(((FakeTensor)other!).Rows);

    public void Release(object? value)
    {
        OnRelease(value);
        (value as IDisposable)?.Dispose();
    }
}
