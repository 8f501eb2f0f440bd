using ZeroCopy.Endpoints;

namespace ZeroCopy.Actors.Protocol;

/// <summary>An endpoint of a node as it was when the node told of it.</summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Version">The version of its model; null where it is not known or there is none.</param>
/// <param name="State">Whether it could be called.</param>
/// <param name="LastError">Why its model could not be loaded the last time; null while it could.</param>
public sealed record EndpointInfo(string Name, int? Version, EndpointState State, string? LastError);
