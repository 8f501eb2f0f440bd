using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Tensors;

namespace ZeroCopy.Torch.Views;

/// <summary>
/// Names the tensors of an answer: <c>output</c> for one, <c>output_0</c>, <c>output_1</c> for a tuple or list, a dictionary's own
/// keys; levels are joined by dots.
/// </summary>
internal static class NamedAnswer
{
    private const string Output = "output";

    /// <summary>Copies on the host, in the answer's order; empty where the answer is nothing.</summary>
    /// <exception cref="NotSupportedException">The answer holds something that is no tensor of plain elements and no number.</exception>
    public static IReadOnlyList<(string Name, HostTensor Tensor)> Of(object? answer)
    {
        var tensors = new List<(string Name, HostTensor Tensor)>();
        Add(tensors, Output, answer, top: true);
        return tensors;
    }

    private static void Add(List<(string Name, HostTensor Tensor)> tensors, string name, object? value, bool top = false)
    {
        switch (value)
        {
            case torch.Tensor tensor:
                tensors.Add((name, tensor.ToHost()));
                break;
            case null:
                break;
            case bool flag:
                tensors.Add((name, HostTensor.From<bool>(DType.Bool, [flag])));
                break;
            case long or int:
                tensors.Add((name, HostTensor.From<long>(DType.Int64, [Convert.ToInt64(value, CultureInfo.InvariantCulture)])));
                break;
            case double or float:
                tensors.Add((name, HostTensor.From<double>(DType.Float64, [Convert.ToDouble(value, CultureInfo.InvariantCulture)])));
                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Add(tensors, top ? $"{entry.Key}" : $"{name}.{entry.Key}", entry.Value);
                }

                break;
            case ITuple tuple:
                AddAll(tensors, name, Enumerable.Range(0, tuple.Length).Select(index => tuple[index]), top);
                break;
            case not string and IEnumerable items:
                AddAll(tensors, name, items.Cast<object?>(), top);
                break;
            default:
                throw new NotSupportedException($"The model answered with a {value.GetType().Name}, which is neither a tensor nor a number.");
        }
    }

    private static void AddAll(List<(string Name, HostTensor Tensor)> tensors, string name, IEnumerable<object?> items, bool top)
    {
        foreach (var (index, item) in items.Index())
        {
            Add(tensors, top ? $"{name}_{index}" : $"{name}.{index}", item);
        }
    }
}
