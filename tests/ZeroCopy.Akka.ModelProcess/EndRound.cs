using Akka.Actor;
using Akka.Configuration;
using ZeroCopy.Actors.Remoting;
using ZeroCopy.Actors.Settings;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Script;
using static TorchSharp.torch;

namespace ZeroCopy.ModelProcess;

/// <summary>A host on a node of its own with everything that can be used and ended.</summary>
internal sealed class EndRound : IAsyncDisposable
{
    private const int Width = 16;
    private readonly ActorSystem _node = ActorSystem.Create("node", Remoting);
    private readonly nn.Module<Tensor, Tensor> _source = Stack();
    private readonly Tensor _input = linspace(-1, 1, Width).reshape(1, Width);
    private readonly Tensor _expected;
    private readonly ZeroCopyHost _host;
    private ModelWrapper<nn.Module<Tensor, Tensor>> _wrapper = null!;
    private ModelWrapper<Pipeline> _pipeline = null!;
    private ModelHandle _scripted = null!;
    private nn.Module<Tensor, Tensor> _tasks = null!;
    private nn.Module<Tensor, Tensor> _loaded = null!;
    private ModelPool<Tensor, Tensor> _pool = null!;
    private InferenceClient _client = null!;
    private int _pools;

    private EndRound(string directory)
    {
        _host = ZeroCopyHost.Open(
            new ZeroCopyHostOptions { Store = new ObjectStoreOptions { Directory = directory }, ActorSystem = _node });
        _expected = Call(_source, _input);
    }

    /// <summary>Of actor systems that can call each other, and that end without a coordinated shutdown.</summary>
    public static Config Remoting { get; } = ConfigurationFactory.ParseString("""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          coordinated-shutdown { run-by-actor-system-terminate = off, run-by-clr-shutdown-hook = off, exit-clr = off }
        }
        zerocopy.inference.drain-timeout = 5s
        """);

    public static async Task<EndRound> OpenAsync(string directory, string script, ActorSystem clients)
    {
        var round = new EndRound(directory);
        var node = ((ExtendedActorSystem)round._node).Provider.DefaultAddress;
        round._wrapper = await ModelWrapper.FromModelAsync(round._source, host: round._host);
        round._pipeline = await ModelWrapper.FromModelAsync(round.NewPipeline(), host: round._host);
        round._scripted = await round._host.Runtime.PutFileAsync(script);
        round._tasks = await ModelWrapper.ForTasksAsync(round._source, host: round._host);
        round._loaded = round._wrapper.Load();
        round._pool = await round.StartAsync("p", round._wrapper, (model, input) => model.call(input));
        round._client = await InferenceClient.ConnectAsync(clients, node, TimeSpan.FromSeconds(20));
        return round;
    }

    /// <summary>What ends.</summary>
    public Func<Task> End(string name) => name switch
    {
        "unload" => () => Task.Run(() =>
        {
            _wrapper.Unload();
            _pipeline.Unload();
            ModelWrapper.Of(_tasks).Unload();
        }),
        "release" => () => Task.Run(() => ModelWrapper.Release(_loaded)),
        "model" => () => Task.Run(() =>
        {
            _host.Runtime.Open<nn.Module>(_wrapper.ModelReferences["model"]).Dispose();
            _host.Runtime.Open<nn.Module>(ModelWrapper.Of(_tasks).ModelReferences["model"]).Dispose();
        }),
        "close" => () => Task.Run(() =>
        {
            _host.Runtime.Close(_wrapper.ModelReferences["model"]);
            _host.Runtime.Close(ModelWrapper.Of(_tasks).ModelReferences["model"]);
            _host.Runtime.Close(_scripted);
        }),
        "runtime" => () => Task.Run(_host.Runtime.Dispose),
        "store" => () => Task.Run(_host.Store.Dispose),
        "pool" => async () => await _pool.DisposeAsync(),
        "host" => async () => await _host.DisposeAsync(),
        "terminate" => _node.Terminate,
        "shutdown" => () => CoordinatedShutdown.Get(_node).Run(CoordinatedShutdown.ClrExitReason.Instance),
        _ => throw new ArgumentException($"Nothing ends by '{name}'."),
    };

    /// <summary>Who uses it.</summary>
    public Func<Task> Use(string name) => name switch
    {
        "load" => () => Task.Run(() =>
        {
            var loaded = _wrapper.Load();
            Check(Call(loaded, _input));
            ModelWrapper.Release(loaded);
        }),
        "pipeline" => () => Task.Run(() =>
        {
            var loaded = _pipeline.Load();
            Check(loaded.Run(_input));
            ModelWrapper.Release(loaded);
        }),
        "receive" => () => Task.Run(() =>
        {
            var loaded = ModelWrapper.Deserialize<nn.Module<Tensor, Tensor>>(_wrapper.Serialize(), _host)
                .Load(new LoadOptions<nn.Module<Tensor, Tensor>> { Factory = Stack });
            Check(Call(loaded, _input));
            ModelWrapper.Release(loaded);
        }),
        "rent" => async () =>
        {
            using var instance = await _host.Runtime.Open<nn.Module<Tensor, Tensor>>(_wrapper.ModelReferences["model"]).RentAsync();
            Check((Tensor)instance.Run((model, input) => ((nn.Module<Tensor, Tensor>)model).call((Tensor)input!), _input)!);
        }
        ,
        "script" => async () =>
        {
            using var instance = await _host.Runtime.OpenAny(_scripted).RentAsync();
            using var input = ones(3, 8);
            ((Tensor)instance.Run((program, argument) => ((ScriptProgram)program).Forward(argument), input)!).Dispose();
        }
        ,
        "state" => () => Task.Run(() =>
        {
            foreach (var view in _host.Runtime.OpenState(_wrapper.ModelReferences["model"]).Values)
            {
                view.Dispose();
            }
        }),
        "task" => async () => Check(await _tasks.CallAsync(_input)),
        "ask" => async () => Check(await _pool.AskAsync(_input)),
        "resize" => async () =>
        {
            foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _pool.AskAsync(_input))))
            {
                Check(answer);
            }
        }
        ,
        "start" => async () =>
        {
            await using var pool = await StartAsync(
                $"own-{Interlocked.Increment(ref _pools)}", _pipeline, (pipeline, input) => pipeline.Run(input));
            Check(await pool.AskAsync(_input));
        }
        ,
        "map" => async () =>
        {
            var rows = Enumerable.Repeat(_input, 6).ToAsyncEnumerable();
            await foreach (var answer in _wrapper.MapBatchesAsync<Tensor, Tensor>(
                rows, (model, batch) => [.. batch.Select(model.call)], new() { BatchSize = 2, Actors = 2 }))
            {
                Check(answer);
            }
        }
        ,
        "remote" => async () =>
        {
            var input = new NamedTensor("", HostTensor.From<float>(DType.Float32, _input.data<float>().ToArray(), 1, Width));
            var outputs = await _client.PredictAsync("p", [input], new() { Deadline = TimeSpan.FromSeconds(2) });
            using var flat = tensor(outputs[0].Tensor.Values<float>().ToArray());
            Check(flat.reshape(1, Width));
        }
        ,
        "put" => async () =>
        {
            var wrapper = await ModelWrapper.FromModelAsync(NewPipeline(), host: _host);
            var loaded = wrapper.Load();
            Check(loaded.Run(_input));
            ModelWrapper.Release(loaded);
            wrapper.Unload();
        }
        ,
        _ => throw new ArgumentException($"Nothing is used by '{name}'."),
    };

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        await _node.Terminate();
        ModelWrapper.Release(_loaded);
        ModelWrapper.Release(_tasks);
        ModuleDisposal.Release(_source);
        _expected.Dispose();
        _input.Dispose();
    }

    private static nn.Module<Tensor, Tensor> Stack()
    {
        nn.Module<Tensor, Tensor> stack = nn.Sequential(
            Enumerable.Range(0, 10).Select(layer => ($"l{layer}", (nn.Module<Tensor, Tensor>)nn.Linear(Width, Width))).ToArray());
        stack.eval();
        var seed = 0;
        using var frozen = no_grad();
        foreach (var parameter in stack.parameters())
        {
            using var values = linspace(0.01 * ++seed, 0.02, parameter.numel());
            using var shaped = values.reshape(parameter.shape);
            parameter.copy_(shaped);
        }

        return stack;
    }

    private static Tensor Call(nn.Module<Tensor, Tensor> model, Tensor input)
    {
        using var frozen = no_grad();
        return model.call(input);
    }

    private Pipeline NewPipeline() => new() { Model = _source, Zero = zeros(1, Width) };

    private Task<ModelPool<Tensor, Tensor>> StartAsync<T>(string name, ModelWrapper<T> wrapper, Func<T, Tensor, Tensor> function)
        where T : class =>
        _host.StartPoolAsync(name, wrapper, function, settings => settings with
        {
            Size = 2,
            Remote = true,
            Resizer = new ResizerSettings { MaxSize = 4, MessagesPerResize = 2 },
            Load = new LoadSettings { Attempts = 1 },
        });

    /// <summary>Disposes an answer that must be right, within the last bits of sums in another order.</summary>
    private void Check(Tensor answer)
    {
        using (answer)
        {
            if (!allclose(answer, _expected, rtol: 1e-4, atol: 1e-4))
            {
                throw new InvalidOperationException($"A wrong answer: {answer} for {_expected}");
            }
        }
    }

    private sealed class Pipeline
    {
        public required nn.Module<Tensor, Tensor> Model { get; init; }

        public required Tensor Zero { get; init; }

        public Tensor Run(Tensor input)
        {
            using var shifted = input + Zero;
            return Call(Model, shifted);
        }
    }
}
