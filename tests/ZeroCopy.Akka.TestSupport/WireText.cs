using System.Collections;
using System.Reflection;
using ZeroCopy.Tensors;

namespace ZeroCopy.TestSupport;

/// <summary>Messages as text with every field, to compare what was sent with what has come.</summary>
public static class WireText
{
    /// <summary>A message, or what it is made of.</summary>
    public static string Of(object? value) => value switch
    {
        null => "null",
        HostTensor tensor => $"{tensor.Layout} {Convert.ToHexString(tensor.Data.Span)}",
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        string text => text,
        IEnumerable all when IsDefault(all) => "none",
        IEnumerable all => $"[{string.Join(", ", all.Cast<object?>().Select(Of))}]",
        _ when IsOurs(value.GetType()) => $"{value.GetType().Name}("
            + string.Join(", ", Fields(value.GetType()).Select(field => $"{field.Name} = {Of(field.GetValue(value))}")) + ")",
        _ => value.ToString()!,
    };

    /// <summary>The fields of messages, and of what they are made of, that no sample fills.</summary>
    public static IEnumerable<string> Unfilled(IEnumerable<object> samples) =>
        from part in samples.SelectMany(Parts).GroupBy(part => part.GetType())
        from field in Fields(part.Key)
        where part.All(one => IsNothing(field.GetValue(one)))
        select $"{part.Key}.{field.Name}";

    private static IEnumerable<object> Parts(object? value) => value switch
    {
        null or string or HostTensor => [],
        IEnumerable all => IsDefault(all) ? [] : all.Cast<object?>().SelectMany(Parts),
        _ when IsOurs(value.GetType()) =>
            Fields(value.GetType()).SelectMany(field => Parts(field.GetValue(value))).Prepend(value),
        _ => [],
    };

    private static bool IsNothing(object? value) => value switch
    {
        null or "" or false => true,
        IEnumerable all => IsDefault(all) || !all.Cast<object?>().Any(),
        // What is zero is not written.
        ValueType number => number.Equals(Activator.CreateInstance(number.GetType())),
        _ => false,
    };

    private static bool IsOurs(Type type) =>
        type is { IsEnum: false, IsValueType: false } && type.Namespace!.StartsWith("ZeroCopy", StringComparison.Ordinal);

    private static IEnumerable<PropertyInfo> Fields(Type type) =>
        type.GetProperties().Where(field => field.GetIndexParameters().Length == 0 && field.SetMethod is not null);

    // An ImmutableArray without an array throws when it is read.
    private static bool IsDefault(IEnumerable all) => all.GetType().GetProperty("IsDefault")?.GetValue(all) is true;
}
