using TorchSharp;
using ZeroCopy.ModelProcess;
using ZeroCopy.Torch;

// A process beside the test's own: opens the store in its first argument and obeys one command a line until its input ends; with a second
// argument, "hosted", it hosts a pool instead, and with "torch-first" makes a model before all else.
if (args is [_, "torch-first"])
{
    await TorchFirst.RunAsync(args[0], Console.Out);
    return;
}

TorchLibrary.Guard();
torch.set_num_threads(1);
if (args is [_, "hosted"])
{
    await HostedPool.RunAsync(args[0], Console.In, Console.Out);
    return;
}

await using var session = new ModelSession(args[0]);
Console.Out.WriteLine("ready");
while (Console.In.ReadLine() is { } line)
{
    Console.Out.WriteLine(await session.RunAsync(line));
}
