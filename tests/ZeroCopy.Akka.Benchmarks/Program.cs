using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

// Each benchmark runs in a process of its own, whose build takes longer than the default allows on a busy machine.
var config = ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(10));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
