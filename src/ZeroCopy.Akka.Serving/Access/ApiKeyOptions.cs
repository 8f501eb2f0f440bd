using Microsoft.AspNetCore.Authentication;

namespace ZeroCopy.Serving.Access;

/// <summary>The keys that open a server.</summary>
public sealed class ApiKeyOptions : AuthenticationSchemeOptions
{
    /// <summary>The keys.</summary>
    public IList<ApiKey> Keys { get; } = [];

    /// <inheritdoc/>
    public override void Validate()
    {
        foreach (var key in Keys)
        {
            if (!ApiKey.IsHash(key.Sha256))
            {
                throw new InvalidOperationException($"The hash of the API key '{key.Name}' is not 64 hexadecimal digits.");
            }
        }
    }
}
