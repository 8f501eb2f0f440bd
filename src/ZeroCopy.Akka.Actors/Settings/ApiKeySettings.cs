namespace ZeroCopy.Actors.Settings;

/// <summary>A key that opens a node; the HOCON root is <c>zerocopy.serving.api-keys</c>.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Sha256">The SHA-256 of the key, 64 hexadecimal digits.</param>
/// <param name="MayManage">Whether it opens the repository of models too.</param>
public sealed record ApiKeySettings(string Name, string Sha256, bool MayManage);
