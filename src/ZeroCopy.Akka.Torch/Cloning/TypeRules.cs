using System.Collections.Concurrent;
using System.Reflection;

namespace ZeroCopy.Torch.Cloning;

/// <summary>Questions about types that the rules of cloning ask.</summary>
internal static class TypeRules
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // An assembly's name is built anew on each request, at microseconds: half of a clone's time went there.
    private static readonly ConcurrentDictionary<Assembly, bool> Platform = new();

    /// <summary>Whether a value of that type may lead to an object: plain values and strings do not.</summary>
    public static bool LeadsToObjects(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type == typeof(string) || type == typeof(decimal))
        {
            return false;
        }

        return !type.IsValueType || type.GetFields(Declared).Any(field => field.FieldType != type && LeadsToObjects(field.FieldType));
    }

    /// <summary>The fields of a type and its bases that may lead to objects.</summary>
    public static FieldInfo[] Fields(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var current = type; current is not null && current != typeof(object); current = current.BaseType)
        {
            fields.AddRange(current.GetFields(Declared).Where(field => LeadsToObjects(field.FieldType)));
        }

        return [.. fields];
    }

    /// <summary>Whether a type belongs to .NET itself.</summary>
    public static bool IsPlatform(Type type) => Platform.GetOrAdd(
        type.Assembly,
        static assembly => assembly.GetName().Name is { } name
            && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal)));

    /// <summary>Whether a class brings a finalizer, and so owns something that a field-by-field copy would free twice.</summary>
    public static bool HasFinalizer(Type type) =>
        type.GetMethod("Finalize", BindingFlags.Instance | BindingFlags.NonPublic, Type.EmptyTypes)?.DeclaringType != typeof(object);
}
