using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Names the tensors and texts of an answer: <c>output</c> for one, <c>output_0</c>, <c>output_1</c> for a tuple or list, a dictionary's
/// own keys, <c>output</c> for an empty one; levels are joined by dots. Numbers are tensors without dimensions, devices their text. What is
/// null or empty has no name; the others keep the names of their places.
/// </summary>
internal static class NamedAnswer
{
    private const string Output = "output";

    /// <summary>
    /// The parts themselves, in the answer's order; empty where the answer is nothing. A value is a tensor of the answer, a
    /// <see cref="HostTensor"/> for a number, or a text.
    /// </summary>
    /// <exception cref="NotSupportedException">The answer holds something else, or two of its parts would have one name.</exception>
    public static IReadOnlyList<(string Name, object Value)> Parts(object? answer)
    {
        if (answer is torch.Tensor)
        {
            return [(Output, answer)];
        }

        var values = new List<(string Name, object Value)>();
        Add(values, Output, answer, top: true);
        return values.GroupBy(value => value.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new NotSupportedException($"Two parts of the model's answer are called '{twice.Key}'.")
            : values;
    }

    private static void Add(List<(string Name, object Value)> values, string name, object? value, bool top = false)
    {
        switch (value)
        {
            case torch.Tensor tensor:
                values.Add((name, tensor));
                break;
            case null:
                break;
            case string or torch.Device:
                values.Add((name, value.ToString()!));
                break;
            case bool flag:
                values.Add((name, HostTensor.From<bool>(DType.Bool, [flag])));
                break;
            case long or int or short or sbyte or uint or ushort or byte:
                values.Add((name, HostTensor.From<long>(DType.Int64, [Convert.ToInt64(value, CultureInfo.InvariantCulture)])));
                break;
            case double or float:
                values.Add((name, HostTensor.From<double>(DType.Float64, [Convert.ToDouble(value, CultureInfo.InvariantCulture)])));
                break;
            case Complex complex:
                values.Add((name, HostTensor.From<Complex>(DType.Complex128, [complex])));
                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    var key = Convert.ToString(entry.Key, CultureInfo.InvariantCulture);
                    Add(values, !top ? $"{name}.{key}" : string.IsNullOrEmpty(key) ? Output : key, entry.Value);
                }

                break;
            case ITuple tuple:
                AddAll(values, name, Enumerable.Range(0, tuple.Length).Select(index => tuple[index]), top);
                break;
            case IEnumerable items:
                AddAll(values, name, items.Cast<object?>(), top);
                break;
            default:
                throw new NotSupportedException(
                    $"The model answered with a {value.GetType().Name}, which is no tensor, number or text, nor a tuple, list or "
                    + "dictionary of them.");
        }
    }

    private static void AddAll(List<(string Name, object Value)> values, string name, IEnumerable<object?> items, bool top)
    {
        foreach (var (index, item) in items.Index())
        {
            Add(values, top ? $"{name}_{index}" : $"{name}.{index}", item);
        }
    }
}
