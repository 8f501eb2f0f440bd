using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests;

/// <summary>A call that is in the model until the test lets it go, and reads its input only then.</summary>
internal sealed class HeldCall : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<float> _sum = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _gate = new();

    public Task EnteredAsync() => _entered.Task.WaitAsync(Patience);

    /// <summary>What the model read in the end.</summary>
    public Task<float> LetGoAsync()
    {
        _gate.Set();
        return _sum.Task.WaitAsync(Patience);
    }

    public float Sum(Tensor input)
    {
        try
        {
            _entered.TrySetResult();
            Assert.True(_gate.Wait(Patience));
            using var sum = input.sum();
            var value = sum.item<float>();
            _sum.TrySetResult(value);
            return value;
        }
        catch (Exception e)
        {
            _sum.TrySetException(e);
            throw;
        }
    }

    public void Dispose() => _gate.Dispose();
}
