using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Torch.Native;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Cloning.Layers;

/// <summary>LSTM, GRU and RNN: names and shapes of the tensors tell all but the order of dimensions, which the wrapper knows.</summary>
internal static class RecurrentLayers
{
    public static torch.nn.Module Rebuild(torch.nn.Module source)
    {
        var tensors = NativeLayers.Tensors(source);
        var input = tensors["weight_ih_l0"].shape[1];
        var hidden = tensors["weight_hh_l0"].shape[1];
        var both = tensors.ContainsKey("weight_ih_l0_reverse");
        var bias = tensors.ContainsKey("bias_ih_l0");
        var layers = tensors.Keys.Count(name => name.StartsWith("weight_ih_l", StringComparison.Ordinal)) / (both ? 2 : 1);
        return source switch
        {
            LSTM lstm => LSTM(input, hidden, layers, bias, TorchInternals.BatchFirst(lstm), bidirectional: both),
            GRU gru => GRU(input, hidden, layers, bias, TorchInternals.BatchFirst(gru), bidirectional: both),
            RNN rnn => RNN(
                input,
                hidden,
                layers,
                NonLinearity(rnn, both ? 2 * layers : layers),
                bias,
                TorchInternals.BatchFirst(rnn),
                bidirectional: both),
            _ => throw new ArgumentException($"A {source.GetType().Name} is no recurrent layer.", nameof(source)),
        };
    }

    // By the last state of the first layer: between layers, one that is training drops numbers out.
    private static NonLinearities NonLinearity(RNN rnn, long states) => RecurrentCells.NonLinearityOf(rnn, "_l0", (input, state) =>
    {
        var (_, last) = rnn.forward(
            input.unsqueeze(TorchInternals.BatchFirst(rnn) ? 1 : 0), state.unsqueeze(0).expand(states, -1, -1).contiguous());
        return last[0];
    });
}
