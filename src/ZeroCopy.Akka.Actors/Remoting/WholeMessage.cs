namespace ZeroCopy.Actors.Remoting;

/// <summary>A message of which all parts have come.</summary>
/// <param name="Id">Number of its request.</param>
/// <param name="Manifest">What it is.</param>
/// <param name="Bytes">The message as <see cref="Wire.WireSerializer"/> writes it.</param>
internal sealed record WholeMessage(long Id, string Manifest, byte[] Bytes);
