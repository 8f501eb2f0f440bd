using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Tests.Fakes;

/// <summary>Fake tensors as one wire tensor of 32-bit integers, named <c>rows</c>.</summary>
internal sealed class FakeRemoteCodec : IRemoteCodec
{
    public static NamedTensor Wire(params int[] rows) => new("rows", HostTensor.From<int>(DType.Int32, rows, rows.Length));

    public object? Decode(PredictRequest request) => request.Inputs is [{ Name: "rows" } rows]
        ? new FakeTensor(rows.Tensor.Values<int>().ToArray())
        : throw new InferenceException(InferenceFailure.InvalidInput, "the model takes 'rows'");

    public IReadOnlyList<NamedTensor> Encode(object? answer) => [Wire(((FakeTensor)answer!).Rows)];

    public void Release(object? value) => (value as IDisposable)?.Dispose();
}
