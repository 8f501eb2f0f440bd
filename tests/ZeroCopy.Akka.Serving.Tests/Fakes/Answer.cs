using System.Globalization;
using System.Net;
using System.Text.Json;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>An answer, taken apart as a client does.</summary>
public sealed record Answer(HttpStatusCode Status, JsonElement Json, byte[] Binary, IReadOnlyDictionary<string, string> Headers)
{
    public string Error => Json.GetProperty("error").GetString()!;

    public JsonElement Output(string name = "output") => Json.GetProperty("outputs").EnumerateArray().Single(
        output => output.GetProperty("name").GetString() == name);

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(
            header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
        var length = headers.TryGetValue("Inference-Header-Content-Length", out var text)
            ? int.Parse(text, CultureInfo.InvariantCulture) : body.Length;
        return new Answer(response.StatusCode, JsonDocument.Parse(body.AsMemory(0, length)).RootElement, body[length..], headers);
    }

    /// <summary>The request was refused with one line.</summary>
    public Answer Failed(int status, params string[] words)
    {
        Assert.True((int)Status == status, $"{(int)Status}: {Json}");
        Assert.Equal(["error"], Json.EnumerateObject().Select(field => field.Name));
        Assert.DoesNotContain('\n', Error);
        Assert.All(words, word => Assert.Contains(word, Error, StringComparison.Ordinal));
        return this;
    }

    public Answer Succeeded()
    {
        Assert.True(Status == HttpStatusCode.OK, $"{Status}: {Json}");
        return this;
    }
}
