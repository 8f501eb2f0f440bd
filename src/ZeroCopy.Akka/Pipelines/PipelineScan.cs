using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Wrapping;

namespace ZeroCopy.Pipelines;

/// <summary>
/// Finds the modules, tensors and plain values of an object graph: in fields and auto-properties, private and inherited ones too, in nested
/// objects, arrays, lists, dictionaries and closures. Each object is visited once, so cycles are safe; a module or tensor that is held in
/// several places has one slot for each. Modules are not entered: what is in them is theirs.
/// </summary>
internal sealed class PipelineScan
{
    private readonly List<PipelineSlot> _modules = [];
    private readonly List<PipelineSlot> _tensors = [];
    private readonly List<PipelineSlot> _values = [];
    private readonly List<PipelineSlot> _vacancies = [];
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    private PipelineScan()
    {
    }

    /// <summary>Places that hold a module, in the order of the fields.</summary>
    public IReadOnlyList<PipelineSlot> Modules => _modules;

    /// <summary>Places outside modules that hold a tensor.</summary>
    public IReadOnlyList<PipelineSlot> Tensors => _tensors;

    /// <summary>
    /// Members whose declared type is plain data (see <see cref="PlainTypes"/>); elements of collections are not listed apart.
    /// </summary>
    public IReadOnlyList<PipelineSlot> Values => _values;

    /// <summary>Places that hold nothing and may hold an object.</summary>
    public IReadOnlyList<PipelineSlot> Vacancies => _vacancies;

    /// <summary>Scans the graph below <paramref name="root"/>.</summary>
    /// <param name="root">The pipeline, or a standalone module.</param>
    /// <param name="declaredType">What the caller declares the root as.</param>
    public static PipelineScan Of(object root, Type declaredType)
    {
        var scan = new PipelineScan();
        scan.Visit("", declaredType, root, static _ => throw new InvalidOperationException("The root itself has no place to be set."));
        return scan;
    }

    private void Visit(string path, Type declared, object? value, Action<object?> set)
    {
        switch (value)
        {
            case torch.nn.Module:
                _modules.Add(new PipelineSlot(path, declared, value, set));
                return;
            case torch.Tensor:
                _tensors.Add(new PipelineSlot(path, declared, value, set));
                return;
        }

        if (path.Length > 0 && PlainTypes.IsPlain(declared))
        {
            _values.Add(new PipelineSlot(path, declared, value, set));
            return;
        }

        if (value is null)
        {
            _vacancies.Add(new PipelineSlot(path, declared, value, set));
            return;
        }

        if (!IsEntered(value.GetType()) || (!value.GetType().IsValueType && !_seen.Add(value)))
        {
            return;
        }

        switch (value)
        {
            case Array array:
                VisitArray(path, array);
                break;
            case IDictionary dictionary when IsGeneric(value, typeof(Dictionary<,>)):
                VisitDictionary(path, dictionary);
                break;
            case IList list when IsGeneric(value, typeof(List<>)):
                VisitList(path, list);
                break;
            case Delegate function:
                VisitClosures(path, function);
                break;
            default:
                VisitFields(path, value, set);
                break;
        }
    }

    private void VisitFields(string path, object owner, Action<object?> setOwner)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var type = owner.GetType(); type is not null && type != typeof(object) && type != typeof(ValueType); type = type.BaseType)
        {
            foreach (var field in type.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (field.FieldType.IsPointer || field.FieldType.IsByRefLike)
                {
                    continue;
                }

                var name = NameOf(field);
                if (!names.Add(name))
                {
                    name = $"{type.Name}::{name}";
                }

                Visit(path.Length == 0 ? name : $"{path}.{name}", field.FieldType, field.GetValue(owner), value =>
                {
                    field.SetValue(owner, value);
                    if (owner.GetType().IsValueType)
                    {
                        setOwner(owner);
                    }
                });
            }
        }
    }

    private void VisitArray(string path, Array array)
    {
        var element = array.GetType().GetElementType()!;
        var indices = new int[array.Rank];
        foreach (var value in array)
        {
            var place = (int[])indices.Clone();
            Visit($"{path}[{string.Join(',', place)}]", element, value, replacement => array.SetValue(replacement, place));
            for (var dimension = array.Rank - 1; dimension >= 0 && ++indices[dimension] == array.GetLength(dimension); dimension--)
            {
                indices[dimension] = 0;
            }
        }
    }

    private void VisitList(string path, IList list)
    {
        var element = list.GetType().GetGenericArguments()[0];
        for (var i = 0; i < list.Count; i++)
        {
            var place = i;
            Visit(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), element, list[i], value => list[place] = value);
        }
    }

    private void VisitDictionary(string path, IDictionary dictionary)
    {
        var element = dictionary.GetType().GetGenericArguments()[1];
        foreach (var key in dictionary.Keys.Cast<object>().ToList())
        {
            var text = key is string name ? $"\"{name}\"" : Convert.ToString(key, CultureInfo.InvariantCulture);
            Visit($"{path}[{text}]", element, dictionary[key], value => dictionary[key] = value);
        }
    }

    private void VisitClosures(string path, Delegate function)
    {
        foreach (var single in function.GetInvocationList())
        {
            if (single.Target is { } target && target.GetType().IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))
            {
                Visit($"{path}()", target.GetType(), target, static _ => throw new NotSupportedException("A closure cannot be exchanged."));
            }
        }
    }

    private static string NameOf(FieldInfo field) =>
        field.Name.StartsWith('<') && field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal)
            ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)]
            : field.Name;

    private static bool IsGeneric(object value, Type definition) =>
        value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == definition;

    // Framework objects (loggers, clients, clocks) are not searched: only their collections, tuples and delegates hold what a pipeline
    // means to hold.
    private static bool IsEntered(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || type == typeof(string) || typeof(MemberInfo).IsAssignableFrom(type))
        {
            return false;
        }

        if (type.IsArray || typeof(Delegate).IsAssignableFrom(type))
        {
            return true;
        }

        var assembly = type.Assembly.GetName().Name ?? "";
        var foreign = assembly.StartsWith("System", StringComparison.Ordinal) || assembly.StartsWith("Microsoft.", StringComparison.Ordinal)
            || assembly == "mscorlib" || assembly.StartsWith("Akka", StringComparison.Ordinal) || assembly == "TorchSharp";
        return !foreign || (type.Namespace ?? "").StartsWith("System.Collections", StringComparison.Ordinal)
            || typeof(ITuple).IsAssignableFrom(type) || IsPair(type);
    }

    private static bool IsPair(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);
}
