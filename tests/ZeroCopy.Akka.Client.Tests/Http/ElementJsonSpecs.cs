using System.Text;
using System.Text.Json;
using ZeroCopy.Client.Http;

namespace ZeroCopy.Client.Tests.Http;

public sealed class ElementJsonSpecs
{
    [Fact]
    public void ElementJson_should_keep_the_sign_of_zero_for_readers_that_take_whole_numbers_for_integers()
    {
        Assert.Equal("[0,-0.0,1,-1]", Text(InferInput.Of("x", new[] { 0, -0f, 1, -1 }, 4)));
        Assert.Equal("[-0.0,0]", Text(InferInput.Of("x", new[] { -0d, 0 }, 2)));
    }

    private static string Text(InferInput input)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            ElementJson.Write(writer, input);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
