using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ZeroCopy.Serving.Access;

/// <summary>
/// Knows callers by a key: <c>Authorization: Bearer KEY</c>, <c>X-API-Key: KEY</c>, or the password of <c>Basic</c>, which browsers ask for
/// by themselves. Every key is compared in the same time, whatever is shown.
/// </summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<ApiKeyOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<ApiKeyOptions>(options, logger, encoder)
{
    private const string KeyHeader = "X-API-Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Shown() is not { } key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(Find(key) is { } found
            ? AuthenticateResult.Success(new AuthenticationTicket(Principal(found), Scheme.Name))
            : AuthenticateResult.Fail("The API key is not known."));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = new[] { "Bearer", "Basic realm=\"ZeroCopy\", charset=\"UTF-8\"" };
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return AccessAnswers.SendAsync(
            Context,
            Shown() is null
                ? $"An API key is needed: send it as 'Authorization: Bearer KEY' or '{KeyHeader}: KEY'."
                : "The API key is not known.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return AccessAnswers.SendAsync(Context, $"The API key '{Context.User.Identity?.Name}' may not do this.");
    }

    private ClaimsPrincipal Principal(ApiKey key)
    {
        List<Claim> claims = [new(ClaimTypes.Name, key.Name)];
        if (key.MayManage)
        {
            claims.Add(new Claim(ClaimTypes.Role, ZeroCopyAccess.ManagerRole));
        }

        return new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name));
    }

    private ApiKey? Find(string key)
    {
        var shown = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        ApiKey? found = null;
        foreach (var known in Options.Keys)
        {
            // No end at the first that fits: the time tells nothing of which one did.
            if (CryptographicOperations.FixedTimeEquals(Convert.FromHexString(known.Sha256), shown))
            {
                found = known;
            }
        }

        return found;
    }

    private string? Shown()
    {
        if (Request.Headers[KeyHeader] is [{ Length: > 0 } key])
        {
            return key;
        }

        if (Request.Headers.Authorization is not [{ } header])
        {
            return null;
        }

        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim()
            : header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) ? Password(header["Basic ".Length..].Trim())
            : null;
    }

    private static string? Password(string credentials)
    {
        var bytes = new byte[credentials.Length];
        if (!Convert.TryFromBase64String(credentials, bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }
}
