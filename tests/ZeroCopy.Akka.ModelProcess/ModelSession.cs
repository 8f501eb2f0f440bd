using System.Runtime.InteropServices;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.ModelProcess.Models;
using ZeroCopy.Store;
using ZeroCopy.Torch;
using static TorchSharp.torch;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// Commands; CASE is the name of a <see cref="ModelCase"/> and the last word, which may hold spaces. The answer is one line: <c>ok ...</c>,
/// or the error's type and message.
/// <list type="bullet">
/// <item><c>build CASE</c>: a model of this process's own, without the store.</item>
/// <item><c>wrap NAME</c>: wraps that model under a name; gives the wrapper's bytes in base 64.</item>
/// <item><c>open NAME CASE</c>, <c>load WRAPPER CASE</c>: a model from the store, by its name or by a wrapper.</item>
/// <item><c>recipe WRAPPER CASE</c>: a model from the store by a wrapper, built by what the catalog knows.</item>
/// <item><c>script WIDTH WRAPPER</c>: a TorchScript model from the store, for inputs [3, WIDTH].</item>
/// <item><c>call</c>: a hash of the answer. <c>parallel N</c>: the different hashes of N calls at once.</item>
/// <item><c>write</c>: adds one to every parameter in place.</item>
/// <item><c>throw</c>: has the C++ runtime throw in a call of a model. <c>convert</c>: has libtorch refuse a value outside of a model's
/// call.</item>
/// <item><c>remove NAME</c>, <c>listen CASE</c> (the path of an actor that takes wrappers and answers as <c>call</c>).</item>
/// </list>
/// </summary>
internal sealed class ModelSession(string directory) : IAsyncDisposable
{
    private readonly ZeroCopyHost _host = ZeroCopyHost.Open(
        new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory }, Catalog = MlpConfiguration.Catalog() });

    private ModelCase _case = ModelCases.Get("mlp");
    private nn.IModule<Tensor, Tensor>? _model;
    private RemoteLoader? _remote;

    private nn.IModule<Tensor, Tensor> Model => _model ?? throw new InvalidOperationException("No model yet.");

    public async Task<string> RunAsync(string line)
    {
        try
        {
            return "ok " + await AnswerAsync(line);
        }
        catch (ZeroCopyException e)
        {
            return $"{e.GetType().Name}: {e.Message}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_remote is not null)
        {
            await _remote.DisposeAsync();
        }

        await _host.DisposeAsync();
    }

    private async Task<string> AnswerAsync(string line)
    {
        var words = line.Split(' ', 3);
        switch (words[0])
        {
            case "build":
                _case = ModelCases.Get(line["build ".Length..]);
                var built = _case.Make();
                built.eval();
                _model = built;
                return "";
            case "wrap":
                var wrapper = await ModelWrapper.FromModelAsync(
                    (nn.Module<Tensor, Tensor>)Model, host: _host, name: new ModelName(words[1]));
                return Convert.ToBase64String(wrapper.Serialize());
            case "open":
                _case = ModelCases.Get(words[2]);
                var handle = _host.Store.Resolve(ModelName.Parse(words[1]));
                _model = _host.Runtime.Open(
                    handle, new OpenOptions<nn.Module<Tensor, Tensor>> { Factory = build => _case.Build(build.Device) }).Materialise();
                return "";
            case "load":
                _case = ModelCases.Get(words[2]);
                _model = Wrapper<nn.Module<Tensor, Tensor>>(words[1]).Load(_case.LoadOptions);
                return "";
            case "recipe":
                _case = ModelCases.Get(words[2]);
                _model = Wrapper<nn.Module<Tensor, Tensor>>(words[1]).Load();
                return "";
            case "script":
                var width = int.Parse(words[1]);
                _case = new ModelCase("script", _ => throw new NotSupportedException(), () => linspace(-1, 1, 3 * width).reshape(3, width));
                _model = Wrapper<nn.IModule<Tensor, Tensor>>(words[2]).Load();
                return "";
            case "call":
                return _case.AnswerDigest(Model);
            case "parallel":
                var answers = await Task.WhenAll(Enumerable.Range(0, int.Parse(words[1])).Select(_ => AnswerAsTaskAsync()));
                return string.Join(',', answers.Distinct());
            case "write":
                Write();
                return "";
            case "throw":
                var any = await ModelWrapper.FromModelAsync(ModelCases.Get("mlp").Make(), host: _host);
                var pool = await _host.StartPoolAsync("throwing", any, (nn.Module<Tensor, Tensor> _, Tensor input) =>
                {
                    Throw();
                    return input;
                });
                return $"{await pool.AskAsync(ones(1))}";
            case "convert":
                using (var big = tensor(3_000_000_000))
                {
                    return $"{big.ToInt32()}";
                }

            case "remove":
                _host.Store.Remove(ModelName.Parse(words[1]));
                return "";
            case "listen":
                _remote = new RemoteLoader(directory, ModelCases.Get(line["listen ".Length..]));
                return _remote.Path;
            default:
                throw new ArgumentException($"Unknown command '{line}'.");
        }
    }

    private ModelWrapper<T> Wrapper<T>(string base64)
        where T : class =>
        ModelWrapper.Deserialize<T>(Convert.FromBase64String(base64), _host);

    private async Task<string> AnswerAsTaskAsync()
    {
        using var input = _case.Input();
        using var answer = await ((nn.Module<Tensor, Tensor>)Model).CallAsync(input);
        return ModelCase.Digest(answer);
    }

    private static unsafe void Throw() =>
        ((delegate* unmanaged[Cdecl]<void>)NativeLibrary.GetExport(NativeLibrary.Load("libstdc++.so.6"), "_ZSt17__throw_bad_allocv"))();

    private void Write()
    {
        using var frozen = no_grad();
        foreach (var parameter in ((nn.Module<Tensor, Tensor>)Model).parameters())
        {
            parameter.add_(1);
        }
    }
}
