using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ZeroCopy.Hosting;
using ZeroCopy.ModelProcess.Models;
using static TorchSharp.torch;

namespace ZeroCopy.ModelProcess;

/// <summary>
/// An application that hosts a pool, in the middle of a call until it is told to go on: says <c>entered</c> in the call, <c>draining</c>
/// when the process was told to end, and at the end whether the answer is right, whether the store was open during the call, and whether it
/// is closed now.
/// </summary>
internal static class HostedPool
{
    public static async Task RunAsync(string directory, TextReader commands, TextWriter answers)
    {
        var model = ModelCases.Get("mlp");
        using var source = model.Make();
        source.eval();
        using var input = model.Input();
        ZeroCopyHost? host = null;
        var (entered, open) = (false, false);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka("hosted", akka => akka
            .AddHocon(
                "akka { loglevel = OFF, stdout-loglevel = OFF, coordinated-shutdown.phases.service-requests-done.timeout = 60s }",
                HoconAddMode.Prepend)
            .AddHocon($"zerocopy {{ object-store.directory = \"{directory}\", inference.drain-timeout = 50s }}", HoconAddMode.Prepend)
            .WithZeroCopyHost()
            .WithModelPool(
                "slow", wrapping => ModelWrapper.FromModelAsync(source, host: wrapping), (nn.Module<Tensor, Tensor> own, Tensor batch) =>
            {
                answers.WriteLine("entered");
                Volatile.Write(ref entered, true);
                commands.ReadLine();
                open = host!.Store.List().Count == 1;
                return own.call(batch);
            }));
        builder.Services.AddZeroCopyHost();
        var application = builder.Build();
        host = application.Services.GetRequiredService<ZeroCopyHost>();
        await application.StartAsync();
        answers.WriteLine("ready");
        var pool = host.Pool<Tensor, Tensor>("slow");
        var call = pool.AskAsync(input);
        var shutdown = application.WaitForShutdownAsync();
        await Task.Run(() => SpinWait.SpinUntil(() => Volatile.Read(ref entered) && !pool.Actors.IsReady));
        answers.WriteLine("draining");
        await shutdown;
        using var answer = await call;
        var right = ModelCase.Digest(answer) == model.AnswerDigest(source);
        answers.WriteLine($"{(right ? "right" : "wrong")} {(open ? "open" : "closed")} {(IsClosed(host) ? "closed" : "open")}");
    }

    private static bool IsClosed(ZeroCopyHost host)
    {
        try
        {
            host.Store.List();
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}
