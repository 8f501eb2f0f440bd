using ZeroCopy.Actors.Settings;

namespace ZeroCopy.Actors.Endpoints;

/// <summary>How a model is served.</summary>
/// <param name="Name">What it is called by: the name of a pool that is declared, or of the model.</param>
/// <param name="Settings">Those of its pool.</param>
/// <param name="SettingsPath">Where HOCON has them, for messages.</param>
internal sealed record ModelPlan(string Name, PoolSettings Settings, string SettingsPath)
{
    /// <summary>Whether HOCON has a pool for it, which is started before the first call and stays.</summary>
    public bool IsDeclared => Settings.Model is not null;
}
