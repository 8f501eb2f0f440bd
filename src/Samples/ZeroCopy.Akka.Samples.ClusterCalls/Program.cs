using ZeroCopy.Samples.ClusterCalls;

return await CallProgram.RunAsync(args, Console.Out, Console.Error);
