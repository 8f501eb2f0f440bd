using System.Numerics;

namespace ZeroCopy.Datasets.Formats.Npy;

/// <summary>The dictionary at the head of a <c>.npy</c> file, a Python literal with three fixed keys.</summary>
/// <param name="Type">NumPy's type of the elements, such as <c>&lt;f4</c>; null where they are records.</param>
/// <param name="Fields">Names of the records' fields; empty where the elements are none.</param>
/// <param name="FortranOrder">Whether the first dimension runs fastest.</param>
/// <param name="Shape">Sizes of the dimensions.</param>
internal sealed record NpyHeader(string? Type, IReadOnlyList<string> Fields, bool FortranOrder, long[] Shape)
{
    /// <summary>Reads the dictionary; null where it is not of the fixed form: those three keys, each once.</summary>
    public static NpyHeader? TryParse(string text)
    {
        if (!PythonLiteral.TryParse(text, out var value) || value is not List<KeyValuePair<object?, object?>> { Count: 3 } pairs
            || Find("descr") is not { } type || Find("fortran_order") is not bool fortranOrder || Find("shape") is not object?[] sizes
            || !sizes.All(size => size is BigInteger { Sign: >= 0 } number && number <= long.MaxValue))
        {
            return null;
        }

        return type is string or List<object?>
            ? new NpyHeader(
                type as string,
                [.. (type as List<object?> ?? []).Select(FieldName)],
                fortranOrder,
                [.. sizes.Select(size => (long)(BigInteger)size!)])
            : null;

        object? Find(string key) => pairs.Find(pair => key.Equals(pair.Key)).Value;
    }

    // A field is a tuple of its name, or of a pair of title and name, its type, and perhaps a shape.
    private static string FieldName(object? field) => (field as object?[])?.FirstOrDefault() switch
    {
        string name => name,
        object?[] and [_, string name] => name,
        _ => "?",
    };
}
