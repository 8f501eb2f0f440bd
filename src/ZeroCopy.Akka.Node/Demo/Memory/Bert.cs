using ZeroCopy.Torch.Models.Bert;
using static TorchSharp.torch;

namespace ZeroCopy.Node.Demo.Memory;

/// <summary>BERT-base as a program without the product makes it, and one call.</summary>
internal static class Bert
{
    private const int Tokens = 32;

    /// <summary>Constructs the model and loads its weights from a TorchSharp file.</summary>
    public static BertModel Load(string file)
    {
        var model = new BertModel(new BertConfiguration());
        model.load(file);
        model.eval();
        return model;
    }

    /// <summary>One sequence of 32 tokens to its last hidden state, as bytes.</summary>
    public static byte[] Answer(BertModel model)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var answer = model.call(arange(Tokens, dtype: ScalarType.Int64).unsqueeze(0), null, null);
        return answer["last_hidden_state"].contiguous().bytes.ToArray();
    }
}
