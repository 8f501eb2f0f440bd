using ZeroCopy.Node.Cli;

var output = StandardOutput.Take();
return await CommandLine.RunAsync(args, output, Console.Error).ConfigureAwait(false);
