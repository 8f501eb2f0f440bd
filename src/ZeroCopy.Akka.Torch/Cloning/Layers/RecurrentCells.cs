using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
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
            RNNCell cell => RNNCell(input, hidden, NonLinearityOf(cell, "", cell.forward), bias),
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
    /// The non-linearity by which a step of a layer is what it answers. The inputs are of both signs, and so large that one of the two has
    /// tanh and ReLU far apart, whatever the biases. Weights of zero leave the biases alone: where those do not tell, both are the same.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="suffix">What follows the names of the step's tensors.</param>
    /// <param name="step">The step: what follows from inputs and states, a line for each.</param>
    /// <exception cref="CloneRefusedException">The weights are no finite numbers.</exception>
    public static NonLinearities NonLinearityOf(
        torch.nn.Module layer, string suffix, Func<torch.Tensor, torch.Tensor, torch.Tensor> step)
    {
        var tensors = NativeLayers.Tensors(layer);
        var (ofInput, ofState) = (tensors[$"weight_ih{suffix}"], tensors[$"weight_hh{suffix}"]);
        var (input, state) = (BothSigns(ofInput), BothSigns(ofState));
        var largest = Number(Linear(input, ofInput).add(Linear(state, ofState), HeldNumber.One).abs().max());
        // No larger than numbers of the type can be.
        var scale = Math.Min(10 / largest, ofInput.dtype == torch.float16 ? 1e4 : 1e30);
        (input, state) = HeldNumber.Use(scale, factor => (input.mul(factor), state.mul(factor)));
        var sum = Linear(input, ofInput, Bias("bias_ih")).add(Linear(state, ofState, Bias("bias_hh")), HeldNumber.One);
        var answer = step(input, state).to(torch.float64);
        var (tanh, relu) = (Number(answer.sub(sum.tanh()).abs().sum()), Number(answer.sub(sum.relu()).abs().sum()));
        return double.IsFinite(tanh) && double.IsFinite(relu)
            ? relu < tanh ? NonLinearities.ReLU : NonLinearities.Tanh
            : throw new CloneRefusedException($"An {layer.GetType().Name} does not tell its non-linearity: its weights are not finite.");

        torch.Tensor BothSigns(torch.Tensor weight)
        {
            var one = HeldNumber.Use(1000, thousand => Probe(layer, 8, weight.shape[1]).div(thousand));
            return torch.cat([one, one.neg()]);
        }

        torch.Tensor? Bias(string name) => tensors.GetValueOrDefault($"{name}{suffix}")?.to(torch.float64);

        static torch.Tensor Linear(torch.Tensor input, torch.Tensor weight, torch.Tensor? bias = null) =>
            torch.nn.functional.linear(input.to(torch.float64), weight.to(torch.float64), bias);

        static double Number(torch.Tensor number) => number.to(torch.float64).item<double>();
    }
}
