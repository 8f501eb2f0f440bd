using System.Globalization;
using TorchSharp;
using ZeroCopy.ModelProcess;
using ZeroCopy.Torch.Guards;

// A process beside the test's own: opens the store in its first argument and obeys one command a line until its input ends; with a second
// argument, "hosted", it hosts a pool instead, with "torch-first" makes a model before all else, with "wrong-shape" lets a C++ exception
// out, with "threads" and a number sets that of libtorch's threads, and with "ends" and the file of a script it has owners end while others
// use what is theirs.
if (args is [_, "torch-first"])
{
    await TorchFirst.RunAsync(args[0], Console.Out);
    return;
}

if (args is [_, "wrong-shape", var how])
{
    await WrongShape.RunAsync(args[0], how, Console.Out);
    return;
}

if (args is [_, "threads", var number])
{
    await SetThreads.RunAsync(args[0], int.Parse(number, CultureInfo.InvariantCulture), Console.Out);
    return;
}

TorchLibrary.Guard();
torch.set_num_threads(1);
if (args is [_, "hosted"])
{
    await HostedPool.RunAsync(args[0], Console.In, Console.Out);
    return;
}

if (args is [_, "ends", _])
{
    await using var trials = new EndTrials(args[0], args[2]);
    Console.Out.WriteLine("ready");
    while (Console.In.ReadLine() is { } trial)
    {
        Console.Out.WriteLine(await trials.RunAsync(trial));
    }

    return;
}

await using var session = new ModelSession(args[0]);
Console.Out.WriteLine("ready");
while (Console.In.ReadLine() is { } line)
{
    Console.Out.WriteLine(await session.RunAsync(line));
}
