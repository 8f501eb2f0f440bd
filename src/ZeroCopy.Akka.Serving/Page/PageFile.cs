using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace ZeroCopy.Serving.Page;

/// <summary>A file of the page, which the assembly carries.</summary>
internal sealed class PageFile
{
    /// <summary>Nothing of another host, nothing written into the page, nothing around it.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    private readonly byte[] _content;
    private readonly string _type;
    private readonly string _tag;

    public PageFile(string name, string type)
    {
        using var resource = typeof(PageFile).Assembly.GetManifestResourceStream($"ZeroCopy.Serving.Page.{name}")
            ?? throw new InvalidOperationException($"The assembly has no resource '{name}'.");
        using var content = new MemoryStream();
        resource.CopyTo(content);
        _content = content.ToArray();
        _type = type;
        _tag = $"\"{Convert.ToHexString(SHA256.HashData(_content).AsSpan(0, 8))}\"";
    }

    public async Task SendAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        headers.ETag = _tag;
        if (context.Request.Headers.IfNoneMatch == _tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = _type;
        context.Response.ContentLength = _content.Length;
        await context.Response.Body.WriteAsync(_content, context.RequestAborted).ConfigureAwait(false);
    }
}
