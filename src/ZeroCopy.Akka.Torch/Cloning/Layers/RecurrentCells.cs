using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>LSTM, GRU and RNN cells: the shapes of the tensors tell all but the non-linearity of the last.</summary>
internal static class RecurrentCells
{
    public static torch.nn.Module Rebuild(torch.nn.Module source)
    {
        var tensors = NativeLayers.Tensors(source);
        var input = tensors["weight_ih"].shape[1];
        var hidden = tensors["weight_hh"].shape[1];
        var bias = tensors.ContainsKey("bias_ih");
        return source switch
        {
            LSTMCell _ => LSTMCell(input, hidden, bias),
            GRUCell _ => GRUCell(input, hidden, bias),
            RNNCell cell => RNNCell(input, hidden, NonLinearityOf(cell.forward(Probe(cell, 64, input), null)), bias),
            _ => throw new ArgumentException($"A {source.GetType().Name} is no recurrent cell.", nameof(source)),
        };
    }

    /// <summary>Large values of both signs, the same each time.</summary>
    public static torch.Tensor Probe(torch.nn.Module layer, params long[] shape)
    {
        var weight = NativeLayers.Tensors(layer).Values.First();
        var count = shape.Aggregate(1L, (product, size) => product * size);
        var numbers = HeldNumber.Use(count, end => torch.arange(end, dtype: torch.ScalarType.Float32));
        var large = HeldNumber.Use(1000, thousand => HeldNumber.Use(12.9898, step => numbers.mul(step).sin().mul(thousand)));
        return large.reshape(shape).to(weight.dtype).to(weight.device);
    }

    /// <summary>
    /// Only tanh returns values below 0, only ReLU some above 1. Weights of zero give neither, and then both are the same function.
    /// </summary>
    public static NonLinearities NonLinearityOf(torch.Tensor answer) =>
        answer.min().to(torch.float64).item<double>() >= 0 && answer.max().to(torch.float64).item<double>() > 1
            ? NonLinearities.ReLU
            : NonLinearities.Tanh;
}
