using ZeroCopy.Node.Cli;

return await CommandLine.RunAsync(args, Console.Out, Console.Error);
