namespace ZeroCopy.Torch.Tests.Modules;

/// <summary>The cases of <see cref="ModuleCases"/> and of <see cref="NativeCases"/>.</summary>
public static class EveryCase
{
    /// <summary>All names, for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    public static IReadOnlyList<ModuleCase> All { get; } = [.. ModuleCases.All, .. NativeCases.All];

    public static ModuleCase Get(string name) => All.Single(one => one.Name == name);
}
