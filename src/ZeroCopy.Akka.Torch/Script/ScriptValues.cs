using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using TorchSharp;
using ZeroCopy.Torch.Script.Sources;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script;

/// <summary>Lays values out as the list of tensors that a <see cref="ScriptAdapter"/> takes, and reads what it returns.</summary>
internal static class ScriptValues
{
    private static readonly ScriptType Text = ScriptType.Parse("str");

    /// <summary>
    /// The tensors for a method's arguments; those that the caller gave are passed as they are. <see cref="Type.Missing"/> stands for an
    /// argument that is left out.
    /// </summary>
    /// <exception cref="ArgumentException">There are too few or too many arguments, or one is not of its type.</exception>
    public static torch.Tensor[] Write(
        IReadOnlyList<ScriptParameter> parameters, IReadOnlyList<ScriptType> types, IReadOnlyList<object?> arguments)
    {
        var tensors = new List<torch.Tensor>();
        for (var i = 0; i < parameters.Count; i++)
        {
            var isGiven = i < arguments.Count && arguments[i] != Type.Missing;
            if (!types[i].IsData && isGiven)
            {
                throw new ArgumentException(
                    $"argument '{parameters[i].Name}' is of the type {types[i]}, of which only its default can be taken here");
            }

            if (!isGiven && !parameters[i].IsOptional)
            {
                throw new ArgumentException($"argument '{parameters[i].Name}' is missing");
            }

            if (parameters[i].IsOptional && types[i].IsData)
            {
                tensors.Add(torch.tensor(isGiven));
            }

            if (isGiven)
            {
                Write(tensors, types[i], arguments[i], parameters[i].Name);
            }
        }

        return [.. tensors];
    }

    /// <summary>A value of a type from the tensors that an adapter gave. Tensors that are part of it belong to the caller.</summary>
    public static object? Read(ScriptType type, torch.Tensor[] tensors)
    {
        var queue = new Queue<torch.Tensor>(tensors);
        return Read(type, queue);
    }

    private static void Write(List<torch.Tensor> tensors, ScriptType type, object? value, string name)
    {
        switch (type.Name, value)
        {
            case ("Tensor", torch.Tensor tensor):
                tensors.Add(tensor);
                break;
            case ("int", long or int or short or byte or sbyte or ushort or uint):
                tensors.Add(torch.tensor(Convert.ToInt64(value, CultureInfo.InvariantCulture)));
                break;
            case ("float", double or float or Half or long or int):
                tensors.Add(
                    torch.tensor(value is Half half ? (double)half : Convert.ToDouble(value, CultureInfo.InvariantCulture), torch.float64));
                break;
            case ("bool", bool flag):
                tensors.Add(torch.tensor(flag));
                break;
            case ("complex", Complex or double or float or long or int):
                var complex = value is Complex given ? given : Convert.ToDouble(value, CultureInfo.InvariantCulture);
                tensors.Add(torch.tensor(complex.Real, torch.float64));
                tensors.Add(torch.tensor(complex.Imaginary, torch.float64));
                break;
            case ("Device", torch.Device device):
                Write(tensors, Text, device.ToString(), name);
                break;
            case ("str" or "Device", string text):
                tensors.Add(torch.tensor(Encoding.UTF8.GetBytes(text), torch.uint8));
                break;
            case ("NoneType", null):
                break;
            case ("Optional", _):
                tensors.Add(torch.tensor(value is not null));
                if (value is not null)
                {
                    Write(tensors, type.Arguments[0], value, name);
                }

                break;
            case ("List", IEnumerable items and not string):
                var list = items.Cast<object?>().ToList();
                tensors.Add(torch.tensor((long)list.Count));
                list.ForEach(item => Write(tensors, type.Arguments[0], item, name));
                break;
            case ("Dict", IDictionary dictionary):
                tensors.Add(torch.tensor((long)dictionary.Count));
                foreach (DictionaryEntry entry in dictionary)
                {
                    Write(tensors, type.Arguments[0], entry.Key, name);
                    Write(tensors, type.Arguments[1], entry.Value, name);
                }

                break;
            case ("Tuple", ITuple tuple) when tuple.Length == type.Arguments.Length:
                for (var i = 0; i < tuple.Length; i++)
                {
                    Write(tensors, type.Arguments[i], tuple[i], name);
                }

                break;
            case ("Tuple", IList items) when items.Count == type.Arguments.Length:
                for (var i = 0; i < items.Count; i++)
                {
                    Write(tensors, type.Arguments[i], items[i], name);
                }

                break;
            default:
                throw new ArgumentException($"argument '{name}' wants {type} and is given {value?.GetType().Name ?? "null"}");
        }
    }

    private static object? Read(ScriptType type, Queue<torch.Tensor> tensors)
    {
        switch (type.Name)
        {
            case "Tensor":
                return tensors.Dequeue();
            case "NoneType":
                return null;
            case "Optional":
                return Flag(tensors) ? Read(type.Arguments[0], tensors) : null;
            case "List":
                var items = Array.CreateInstance(type.Arguments[0].ClrType, Count(tensors));
                for (var i = 0; i < items.Length; i++)
                {
                    items.SetValue(Read(type.Arguments[0], tensors), i);
                }

                return items;
            case "Dict":
                var dictionary = (IDictionary)Activator.CreateInstance(type.ClrType)!;
                for (var left = Count(tensors); left > 0; left--)
                {
                    var key = Read(type.Arguments[0], tensors)!;
                    dictionary[key] = Read(type.Arguments[1], tensors);
                }

                return dictionary;
            case "Tuple":
                return Tuple([.. type.Arguments.Select(argument => Read(argument, tensors))]);
        }

        using var number = tensors.Dequeue();
        return type.Name switch
        {
            "int" => (object)number.item<long>(),
            "float" => number.item<double>(),
            "bool" => number.item<bool>(),
            "complex" => number.item<Complex>(),
            _ => number.numel() == 0 ? "" : Encoding.UTF8.GetString(number.bytes),
        };
    }

    private static bool Flag(Queue<torch.Tensor> tensors)
    {
        using var flag = tensors.Dequeue();
        return flag.item<bool>();
    }

    private static int Count(Queue<torch.Tensor> tensors)
    {
        using var count = tensors.Dequeue();
        return checked((int)count.item<long>());
    }

    /// <summary>
    /// A value tuple of objects of any length; beyond seven items the rest is a tuple in the last place, as the language has it.
    /// </summary>
    private static object Tuple(object?[] items)
    {
        switch (items.Length)
        {
            case 0:
                return default(ValueTuple);
            case 2:
                return (items[0], items[1]);
            case 3:
                return (items[0], items[1], items[2]);
        }

        Type[] generic =
        [
            typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>),
            typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>),
        ];
        if (items.Length <= 7)
        {
            return Activator.CreateInstance(generic[items.Length - 1].MakeGenericType([.. items.Select(_ => typeof(object))]), items)!;
        }

        var rest = Tuple(items[7..]);
        var type = typeof(ValueTuple<,,,,,,,>).MakeGenericType([.. Enumerable.Repeat(typeof(object), 7), rest.GetType()]);
        return Activator.CreateInstance(type, [.. items[..7], rest])!;
    }
}
