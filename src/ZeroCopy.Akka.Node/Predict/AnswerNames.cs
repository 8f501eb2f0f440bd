using System.Collections;
using System.Runtime.CompilerServices;
using TorchSharp;
using ZeroCopy.Node.TensorFiles;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Predict;

/// <summary>
/// Names the tensors of an answer: <c>output</c> for one, <c>output_0</c>, <c>output_1</c> for a tuple or list, a dictionary's own
/// keys; levels are joined by dots.
/// </summary>
internal static class AnswerNames
{
    private const string Output = "output";

    /// <exception cref="InputMismatchException">The answer holds something that is no tensor and no number, or nothing at all.</exception>
    public static IReadOnlyList<NamedTensor> Of(object? answer)
    {
        var tensors = new List<NamedTensor>();
        Add(tensors, Output, answer, top: true);
        return tensors.Count > 0 ? tensors : throw new InputMismatchException(
            "The method answered with nothing, so there is no output to write.");
    }

    private static void Add(List<NamedTensor> tensors, string name, object? value, bool top = false)
    {
        switch (value)
        {
            case torch.Tensor tensor:
                tensors.Add(new NamedTensor(name, TorchTensors.ToHost(tensor)));
                break;
            case null:
                break;
            case bool flag:
                tensors.Add(new NamedTensor(name, HostTensor.From<bool>(DType.Bool, [flag])));
                break;
            case long or int:
                tensors.Add(new NamedTensor(
                    name, HostTensor.From<long>(DType.Int64, [Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)])));
                break;
            case double or float:
                tensors.Add(new NamedTensor(name, HostTensor.From<double>(
                    DType.Float64, [Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture)])));
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
                throw new InputMismatchException(
                    $"The model answered with a {value.GetType().Name}, which no file of tensors can hold; call it from C#.");
        }
    }

    private static void AddAll(List<NamedTensor> tensors, string name, IEnumerable<object?> items, bool top)
    {
        foreach (var (index, item) in items.Index())
        {
            Add(tensors, top ? $"{name}_{index}" : $"{name}.{index}", item);
        }
    }
}
