namespace ZeroCopy.Bench.Suites.Serve;

/// <summary>A message of a user.</summary>
/// <param name="Second">When it is sent, in seconds from the start of the trace.</param>
/// <param name="Model">Number of the model that answers it.</param>
internal readonly record struct Message(double Second, int Model);
