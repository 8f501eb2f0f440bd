using ZeroCopy.Runtime;
using ZeroCopy.Torch.Models.Bert;
using ZeroCopy.Torch.Script;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Models;

/// <summary>The subjects of the suites, with random weights.</summary>
internal static class BenchModels
{
    /// <summary>Linear(128, 256), ReLU, Linear(256, 10).</summary>
    public static TorchSharp.Modules.Sequential Small()
    {
        var model = nn.Sequential(("in", nn.Linear(128, 256)), ("act", nn.ReLU()), ("out", nn.Linear(256, 10)));
        model.eval();
        return model;
    }

    /// <summary>BERT-base's shapes: 12 layers, 768 wide, 12 heads, 3,072 inner, 30,522 tokens, 512 positions, pooler.</summary>
    public static BertModel Bert() => Bert(new BertConfiguration());

    /// <summary>BERT of other shapes.</summary>
    public static BertModel Bert(BertConfiguration configuration)
    {
        var model = new BertModel(configuration);
        model.eval();
        return model;
    }

    /// <summary>BERT-base constructed and loaded from a TorchSharp file, as a program without the product does it.</summary>
    public static BertModel LoadBert(string file) => LoadBert(file, new BertConfiguration());

    /// <summary>BERT of other shapes, constructed and loaded the same way.</summary>
    public static BertModel LoadBert(string file, BertConfiguration configuration)
    {
        var model = Bert(configuration);
        model.load(file);
        return model;
    }

    /// <summary>Calls the small classifier with rows of shape [n, 128].</summary>
    public static object? CallSmall(object target, object? rows) => ((nn.Module<Tensor, Tensor>)target).forward((Tensor)rows!);

    /// <summary>Calls BERT with token numbers of shape [n, tokens].</summary>
    public static object? CallBert(object target, object? tokens) => ((BertModel)target).forward((Tensor)tokens!, null, null);

    /// <summary>Calls BERT as a script, the store's or one that libtorch loaded itself, with token numbers of shape [n, tokens].</summary>
    public static object? CallScript(object target, object? tokens)
    {
        using var mask = ones_like((Tensor)tokens!);
        return target is ScriptProgram program ? program.Forward(tokens, mask) : ((jit.ScriptModule)target).invoke("forward", tokens, mask);
    }

    /// <summary>Sets a parameter to one value everywhere.</summary>
    public static void Fill(Tensor parameter, long value)
    {
        using var mode = no_grad();
        TorchSharp.Scalar number = value;
        parameter.fill_(number);

        // The collector may free a number made in passing while libtorch reads it.
        GC.KeepAlive(number);
    }

    /// <summary>Rows for the small classifier.</summary>
    public static Tensor Rows(int count) => randn(count, 128);

    /// <summary>Sentences of 32 tokens for BERT.</summary>
    public static Tensor Tokens(int count) => randint(0, 30522, [count, 32], dtype: ScalarType.Int64);

    /// <summary>Runs a call as a careful user would by hand: without gradients, every native tensor disposed.</summary>
    public static void Direct(ModelFunction function, object target, Tensor input)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        function(target, input);
    }

    /// <summary>Frees an answer of a call.</summary>
    public static void Free(object? answer)
    {
        switch (answer)
        {
            case IDisposable tensor:
                tensor.Dispose();
                break;
            case ValueTuple<Tensor, Tensor> tensors:
                tensors.Item1.Dispose();
                tensors.Item2.Dispose();
                break;
            case Dictionary<string, Tensor> tensors:
                foreach (var tensor in tensors.Values)
                {
                    tensor.Dispose();
                }

                break;
        }
    }
}
