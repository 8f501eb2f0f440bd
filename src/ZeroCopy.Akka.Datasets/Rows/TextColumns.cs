using System.Text.Json;

namespace ZeroCopy.Datasets.Rows;

/// <summary>Texts out of columns of texts and of JSON values.</summary>
internal static class TextColumns
{
    /// <summary>Why a line is no row whose bytes are no text.</summary>
    public const string NotUtf8 = "it is not UTF-8; save the file as UTF-8.";

    /// <summary>The UTF-8 bytes of an element: of a JSON string its characters, of any other JSON value its JSON.</summary>
    public static byte[] Decode(Column column, int element)
    {
        var bytes = column.Bytes(element);
        if (column.Type.Kind != ElementKind.Json || bytes is not [(byte)'"', ..])
        {
            return bytes.ToArray();
        }

        return Unescape(bytes);
    }

    /// <summary>Whether a JSON string is a text: half of a pair of surrogates, as an escape, is no character.</summary>
    public static bool IsText(ReadOnlySpan<byte> json)
    {
        try
        {
            _ = json.IndexOf("\\u"u8) < 0 ? [] : Unescape(json);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static byte[] Unescape(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var text = new byte[json.Length];
        return text[..reader.CopyString(text)];
    }
}
