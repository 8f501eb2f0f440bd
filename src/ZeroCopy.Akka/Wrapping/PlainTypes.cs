using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp;

namespace ZeroCopy.Wrapping;

/// <summary>
/// The closed rule of what travels with a wrapper as JSON: strings, numbers, booleans, enums, dates and times, Guids, and arrays, lists,
/// dictionaries with string keys and sealed or leaf records and classes made of those. Decided by declared types alone, so nothing a sender
/// writes chooses a type.
/// </summary>
internal static class PlainTypes
{
    private static readonly ConcurrentDictionary<Type, bool> Known = new();

    private static readonly HashSet<Type> Leaves =
    [
        typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan),
        typeof(Guid), typeof(Uri), typeof(Version), typeof(Half),
    ];

    /// <summary>Whether values of the declared type are plain data.</summary>
    public static bool IsPlain(Type type) => Known.GetOrAdd(type, static candidate => IsPlain(candidate, []));

    private static bool IsPlain(Type type, HashSet<Type> onTheWay)
    {
        if ((type.IsPrimitive && type != typeof(nint) && type != typeof(nuint)) || type.IsEnum || Leaves.Contains(type))
        {
            return true;
        }

        if (!onTheWay.Add(type))
        {
            return false;
        }

        try
        {
            return Nullable.GetUnderlyingType(type) is { } underlying ? IsPlain(underlying, onTheWay)
                : type.IsArray ? type.GetArrayRank() == 1 && IsPlain(type.GetElementType()!, onTheWay)
                : type.IsGenericType && Collection(type) is { } element ? IsPlain(element, onTheWay)
                : IsRecordOfPlain(type, onTheWay);
        }
        finally
        {
            onTheWay.Remove(type);
        }
    }

    private static Type? Collection(Type type)
    {
        var definition = type.GetGenericTypeDefinition();
        var arguments = type.GetGenericArguments();
        return definition == typeof(List<>) || definition == typeof(IReadOnlyList<>) || definition == typeof(IList<>) ? arguments[0]
            : (definition == typeof(Dictionary<,>) || definition == typeof(IReadOnlyDictionary<,>) || definition == typeof(IDictionary<,>))
                && arguments[0] == typeof(string) ? arguments[1]
            : null;
    }

    // Every field must show as a public property or field, else JSON would drop state silently.
    private static bool IsRecordOfPlain(Type type, HashSet<Type> onTheWay)
    {
        if (type.IsAbstract || type.IsInterface || type.IsGenericTypeDefinition || typeof(Delegate).IsAssignableFrom(type)
            || typeof(torch.nn.Module).IsAssignableFrom(type)
            || type.Assembly == typeof(torch).Assembly
            || type.Assembly == typeof(object).Assembly
            || (type.BaseType != typeof(object) && type.BaseType != typeof(ValueType)) || !CanBeBuilt(type))
        {
            return false;
        }

        var properties = type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.CanRead)
            .Select(property => $"<{property.Name}>k__BackingField").ToHashSet(StringComparer.Ordinal);
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        return fields.Length > 0
            && fields.All(field => (field.IsPublic || properties.Contains(field.Name)) && IsPlain(field.FieldType, onTheWay));
    }

    private static bool CanBeBuilt(Type type)
    {
        if (type.IsValueType || type.GetConstructor(Type.EmptyTypes) is not null)
        {
            return type.GetProperties(BindingFlags.Instance | BindingFlags.Public).All(property => property.CanWrite || !IsAuto(property));
        }

        var constructors = type.GetConstructors();
        return constructors.Length == 1 && constructors[0].GetParameters().All(parameter => type
            .GetProperty(parameter.Name!, BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase) is not null);
    }

    private static bool IsAuto(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null;
}
