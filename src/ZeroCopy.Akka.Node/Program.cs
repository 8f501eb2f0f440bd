using ZeroCopy.Node.Cli;
using ZeroCopy.Torch;

TorchLibrary.Load();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
