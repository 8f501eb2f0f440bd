using ZeroCopy.Store;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// A program that makes its model before it touches anything of the product, then calls it as a task on the store in the given directory.
/// Says <c>ready</c> when the model is made, and the answer's shape.
/// </summary>
internal static class TorchFirst
{
    public static async Task RunAsync(string directory, TextWriter answers)
    {
        using Module<Tensor, Tensor> classifier = Sequential(("layer", Linear(8, 4)));
        answers.WriteLine("ready");
        await using var host = ZeroCopyHost.Open(new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory } });
        var tasks = await ModelWrapper.ForTasksAsync(classifier, host: host);
        using var answer = await tasks.CallAsync(ones(2, 8));
        answers.WriteLine(string.Join('x', answer.shape));
    }
}
