using System.Security.Cryptography;
using System.Text;

namespace ZeroCopy.Serving.Access;

/// <summary>A key that a caller shows. Only its hash is known here.</summary>
/// <param name="Name">Whose it is, for logs.</param>
/// <param name="Sha256">The SHA-256 of the key's UTF-8 bytes, 64 hexadecimal digits. The key itself is random, of 128 bits or more.</param>
/// <param name="MayManage">Whether it opens what changes the server too, see <see cref="ZeroCopyAccess.ManagePolicy"/>.</param>
public sealed record ApiKey(string Name, string Sha256, bool MayManage = false)
{
    /// <summary>Whether a text can be a hash.</summary>
    public static bool IsHash(string text) => text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);

    /// <summary>The hash of a key, as <see cref="Sha256"/> has it.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
