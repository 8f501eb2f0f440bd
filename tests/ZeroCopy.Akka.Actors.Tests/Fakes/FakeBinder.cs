using System.Collections.Concurrent;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>
/// Fake tensors as one named tensor of 32-bit integers, <c>rows</c>. Its model multiplies by ten, and has a method that negates; each
/// method answers with a fake tensor that the binder remembers.
/// </summary>
internal sealed class FakeBinder : ICallBinder
{
    public ModelSignature Signature { get; init; } = new([Method("forward"), Method("negate")]);

    public IBatchCodec? Codec { get; init; }

    /// <summary>Runs in each call of the model.</summary>
    public Action<FakeTensor> OnRun { get; set; } = _ => { };

    /// <summary>Everything that was bound or answered: each is to be released once.</summary>
    public ConcurrentQueue<FakeTensor> Made { get; } = [];

    public static NamedTensor Wire(params int[] rows) => new("rows", HostTensor.From<int>(DType.Int32, rows, rows.Length));

    public static int[] Rows(IEnumerable<NamedTensor> outputs) => Assert.Single(outputs).Tensor.Values<int>().ToArray();

    public IDisposable Bind(string method, IReadOnlyList<NamedTensor> inputs)
    {
        var found = Signature.Find(method) ?? throw new InferenceException(InferenceFailure.MethodNotFound, $"the model has no '{method}'");
        return inputs is [{ Name: "rows" } rows]
            ? Noted(new FakeTensor(rows.Tensor.Values<int>().ToArray()) { Name = found.Name })
            : throw new InferenceException(InferenceFailure.InvalidInput, "the model takes 'rows'");
    }

    public object? Run(object target, object? call)
    {
        var tensor = (FakeTensor)call!;
        OnRun(tensor);
        return Noted(new FakeTensor([.. tensor.Rows.Select(row => tensor.Name == "negate" ? -row : row * 10)]));
    }

    public ModelAnswer ToAnswer(object? result)
    {
        var tensor = (FakeTensor)result!;
        tensor.Dispose();
        return new ModelAnswer([Wire(tensor.Rows)]);
    }

    private static MethodSignature Method(string name) =>
        new(name, [new ValueSignature("rows", DType: DType.Int32, Shape: [-1])], [], IsBatchable: true);

    private FakeTensor Noted(FakeTensor tensor)
    {
        Made.Enqueue(tensor);
        return tensor;
    }
}
