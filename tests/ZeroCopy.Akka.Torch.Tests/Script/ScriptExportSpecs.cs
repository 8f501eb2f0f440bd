using ZeroCopy.Runtime;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Torch.Tests.Script;

/// <summary>What people export, from a file through the store to an answer.</summary>
public sealed class ScriptExportSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ObjectStore _store;
    private readonly TorchRuntime _runtime;

    public ScriptExportSpecs()
    {
        _store = ObjectStore.Open(new ObjectStoreOptions { Directory = _directory.File("store") });
        _runtime = new TorchRuntime(_store);
    }

    public static TheoryData<string> Names => [.. ScriptExample.Names];

    public void Dispose()
    {
        _runtime.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Script_should_give_PyTorchs_answers(string name)
    {
        var model = await Open(name);

        await AssertAnswers(model, name);
        await AssertAnswers(model, name);
    }

    private async Task<IInstanceSource> Open(string name) =>
        _runtime.OpenAny(await _runtime.PutFileAsync(ScriptExample.Path($"{name}.pt")));

    private static async Task AssertAnswers(IInstanceSource model, string name)
    {
        using var instance = await model.RentAsync();
        foreach (var example in ScriptExample.Of(name))
        {
            example.AssertAnswered(instance);
        }
    }
}
