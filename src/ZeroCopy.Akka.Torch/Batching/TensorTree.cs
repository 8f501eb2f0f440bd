using System.Collections;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Batching;

/// <summary>
/// Values nested in arrays, <see cref="List{T}"/>, tuples of up to seven and <see cref="Dictionary{TKey,TValue}"/>. They are taken apart
/// into leaves, such as tensors, and built again, of the same types, around other leaves.
/// </summary>
internal static class TensorTree
{
    /// <summary>A longer tuple nests another in its last field.</summary>
    private const int LongestTuple = 7;

    /// <summary>
    /// Adds the leaves of a value in a fixed order, and to <paramref name="structure"/> what tells any two values apart but for their
    /// tensors: types, lengths and keys, and the leaves, of a tensor only that it is one. False where a leaf is neither null nor a
    /// <typeparamref name="T"/>; what was added is meaningless then.
    /// </summary>
    public static bool TryFlatten<T>(object? value, List<T?> leaves, List<object?> structure)
        where T : class
    {
        if (Children(value) is not { } children)
        {
            leaves.Add(value as T);
            structure.Add(value is torch.Tensor or HostTensor or TensorLayout ? typeof(torch.Tensor) : value);
            return value is null or T;
        }

        structure.Add(value!.GetType());
        structure.Add(children.Count);
        foreach (var (key, child) in children)
        {
            structure.Add(key);
            if (!TryFlatten(child, leaves, structure))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether two values have one structure, and <paramref name="areSame"/> holds for each two of their leaves.</summary>
    public static bool AreSame(object? one, object? other, Func<object?, object?, bool> areSame)
    {
        List<object?> left = [];
        List<object?> right = [];
        List<object?> leftStructure = [];
        List<object?> rightStructure = [];
        return TryFlatten(one, left, leftStructure) && TryFlatten(other, right, rightStructure)
            && leftStructure.SequenceEqual(rightStructure) && left.Zip(right, areSame).All(same => same);
    }

    /// <summary>A value of the template's structure around these leaves, which come in the order of <see cref="TryFlatten"/>.</summary>
    public static object? Rebuild(object? template, IEnumerator<object?> leaves)
    {
        if (Children(template) is not { } parts)
        {
            leaves.MoveNext();
            return leaves.Current;
        }

        var type = template!.GetType();
        var children = parts.ConvertAll(child => (child.Key, Value: Rebuild(child.Value, leaves)));
        if (template is ITuple)
        {
            return Activator.CreateInstance(type, [.. children.Select(child => child.Value)]);
        }

        if (template is Array)
        {
            var array = Array.CreateInstance(type.GetElementType()!, children.Count);
            for (var i = 0; i < children.Count; i++)
            {
                array.SetValue(children[i].Value, i);
            }

            return array;
        }

        var result = Activator.CreateInstance(type)!;
        foreach (var (key, child) in children)
        {
            if (result is IDictionary dictionary)
            {
                dictionary.Add(key!, child);
            }
            else
            {
                ((IList)result).Add(child);
            }
        }

        return result;
    }

    /// <summary>Keys are in order of their names, so that dictionaries that were filled in another order have the same structure.</summary>
    private static List<(object? Key, object? Value)>? Children(object? value) => value switch
    {
        ITuple { Length: <= LongestTuple } tuple when IsSystemTuple(value) =>
            [.. Enumerable.Range(0, tuple.Length).Select(i => ((object?)null, tuple[i]))],
        IEnumerable<object?> items when value.GetType().IsSZArray || Is(value, typeof(List<>)) =>
            [.. items.Select(item => ((object?)null, item))],
        IDictionary dictionary when Is(value, typeof(Dictionary<,>)) =>
        [
            .. dictionary.Keys.Cast<object>().OrderBy(key => key as string, StringComparer.Ordinal)
                .Select(key => ((object?)key, dictionary[key])),
        ],
        _ => null,
    };

    private static bool IsSystemTuple(object value) =>
        value.GetType() is { IsGenericType: true, Namespace: nameof(System) } type
        && (type.Name.StartsWith(nameof(ValueTuple), StringComparison.Ordinal)
            || type.Name.StartsWith(nameof(Tuple), StringComparison.Ordinal));

    private static bool Is(object value, Type definition) =>
        value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == definition;
}
