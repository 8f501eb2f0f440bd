using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ZeroCopy.Node.Tests.Mutations;

/// <summary>
/// The formats read in the shortest way, without a check: what a file that is accepted must have been taken for. They share no code with
/// the product.
/// </summary>
internal static class PlainReaders
{
    private static readonly Dictionary<long, (string Type, int Size)> DatTypes = new()
    {
        [0] = ("U8", 1),
        [1] = ("I8", 1),
        [2] = ("I16", 2),
        [3] = ("I32", 4),
        [4] = ("I64", 8),
        [5] = ("F16", 2),
        [6] = ("F32", 4),
        [7] = ("F64", 8),
        [9] = ("C64", 8),
        [10] = ("C128", 16),
        [11] = ("BOOL", 1),
        [15] = ("BF16", 2),
    };

    /// <summary>Name, type with shape, and bytes in hexadecimal of each tensor.</summary>
    public static List<string> Safetensors(byte[] file)
    {
        var length = (int)BitConverter.ToInt64(file);
        var tensors = JsonNode.Parse(file.AsSpan(8, length))!.AsObject().Where(member => member.Key != "__metadata__");
        return
        [
            .. tensors.Select(member =>
            {
                var (begin, end) = ((int)member.Value!["data_offsets"]![0]!, (int)member.Value["data_offsets"]![1]!);
                var shape = member.Value["shape"]!.AsArray().Select(size => (long)size!);
                return Text(member.Key, (string)member.Value["dtype"]!, shape, file.AsSpan(8 + length + begin, end - begin));
            }).Order(StringComparer.Ordinal),
        ];
    }

    public static List<string> Dat(byte[] file)
    {
        using var reader = new BinaryReader(new MemoryStream(file));
        var tensors = new List<string>();
        for (var left = reader.Read7BitEncodedInt64(); left > 0; left--)
        {
            var name = Encoding.UTF8.GetString(reader.ReadBytes((int)reader.Read7BitEncodedInt64()));
            var (type, size) = DatTypes[reader.Read7BitEncodedInt64()];
            var shape = new long[reader.Read7BitEncodedInt64()];
            for (var i = 0; i < shape.Length; i++)
            {
                shape[i] = reader.Read7BitEncodedInt64();
            }

            tensors.Add(Text(name, type, shape, reader.ReadBytes((int)shape.Aggregate((long)size, (product, next) => product * next))));
        }

        return [.. tensors.Order(StringComparer.Ordinal)];
    }

    /// <summary>A version 1 file of little-endian numbers in row-major order; the header is Python's, and nearly JSON.</summary>
    public static string Npy(byte[] file)
    {
        var length = BitConverter.ToUInt16(file, 8);
        var header = Encoding.ASCII.GetString(file, 10, length).Replace('\'', '"').Replace('(', '[').Replace(')', ']')
            .Replace("False", "false", StringComparison.Ordinal).Replace("True", "true", StringComparison.Ordinal);
        using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowTrailingCommas = true });
        var descr = json.RootElement.GetProperty("descr").GetString()!.TrimStart('<', '|', '=');
        var type = descr == "b1" ? "BOOL" : $"{char.ToUpperInvariant(descr[0])}{int.Parse(descr[1..]) * 8}";
        return Text(
            "", type, json.RootElement.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), file.AsSpan(10 + length));
    }

    /// <summary>The numbers of a JSON value, in their order; truth counts as 1.</summary>
    public static List<double> JsonNumbers(JsonNode? node) => node switch
    {
        JsonArray array => [.. array.SelectMany(JsonNumbers)],
        JsonObject { Count: > 0 } described when described.ContainsKey("dtype") => JsonNumbers(described["data"]),
        JsonObject members => [.. members.SelectMany(member => JsonNumbers(member.Value))],
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => [(bool)value ? 1 : 0],
        JsonValue value when value.GetValueKind() == JsonValueKind.String =>
            [double.Parse((string)value!, System.Globalization.CultureInfo.InvariantCulture)],
        JsonValue value => [(double)value],
        null => throw new FormatException("null is no number."),
        _ => throw new FormatException($"{node} is no number."),
    };

    public static string Text(string name, string type, IEnumerable<long> shape, ReadOnlySpan<byte> bytes) =>
        $"{name} {type}[{string.Join(", ", shape)}] {Convert.ToHexString(bytes)}";
}
