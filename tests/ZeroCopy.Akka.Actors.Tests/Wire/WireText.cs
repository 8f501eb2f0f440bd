using System.Collections;
using System.Reflection;
using Akka.Actor;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Tests.Wire;

/// <summary>Messages as text with every field, to compare what was sent with what has come.</summary>
internal static class WireText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        IActorRef actor => actor.Path.ToString(),
        HostTensor tensor => $"{tensor.Layout} {Convert.ToHexString(tensor.Data.Span)}",
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        string text => text,
        IEnumerable all when IsDefault(all) => "none",
        IEnumerable all => $"[{string.Join(", ", all.Cast<object?>().Select(Of))}]",
        _ when IsOurs(value.GetType()) => $"{value.GetType().Name}("
            + string.Join(", ", Fields(value.GetType()).Select(field => $"{field.Name} = {Of(field.GetValue(value))}")) + ")",
        _ => value.ToString()!,
    };

    /// <summary>The fields of a message that no sample of it fills.</summary>
    public static IEnumerable<string> Unfilled(Type type, IEnumerable<object> samples) =>
        from field in Fields(type)
        where samples.All(sample => IsNothing(field.GetValue(sample)))
        select $"{type}.{field.Name}";

    private static bool IsNothing(object? value) => value switch
    {
        null or "" or false => true,
        IEnumerable all => IsDefault(all) || !all.Cast<object?>().Any(),
        _ => false,
    };

    private static bool IsOurs(Type type) =>
        type is { IsEnum: false, IsValueType: false } && type.Namespace!.StartsWith("ZeroCopy", StringComparison.Ordinal);

    private static IEnumerable<PropertyInfo> Fields(Type type) =>
        type.GetProperties().Where(field => field.GetIndexParameters().Length == 0 && field.SetMethod is not null);

    // An ImmutableArray without an array throws when it is read.
    private static bool IsDefault(IEnumerable all) => all.GetType().GetProperty("IsDefault")?.GetValue(all) is true;
}
