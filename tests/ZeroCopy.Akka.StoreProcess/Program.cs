using ZeroCopy.StoreProcess;

// A process beside the test's own: opens the store in its first argument and obeys one command a line until its input ends.
using var session = new StoreSession(args[0], Console.Out);
Console.Out.WriteLine("ready");
while (Console.In.ReadLine() is { } line)
{
    session.Run(line);
}
