using System.Collections.Immutable;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Protocol;

/// <summary>What the inputs of one request must be, however they came. Takes them in their order.</summary>
internal sealed class InputRules(ServingOptions options)
{
    private readonly HashSet<string> _names = [];
    private int _count;
    private long _elements;

    /// <summary>The place of the next input.</summary>
    /// <exception cref="RequestException">There are more than the options allow.</exception>
    public FieldPlace Next()
    {
        options.RequireRoom(_count, "inputs");
        return new FieldPlace("inputs", _count++, "");
    }

    /// <summary>The input, whose elements are still to be read.</summary>
    /// <exception cref="RequestException">It cannot be one; the message names the field.</exception>
    public InferInput Take(FieldPlace place, string name, string datatype, ImmutableArray<long> shape)
    {
        var dtype = Datatype.Find(datatype);
        if (dtype is null && datatype != Datatype.Bytes)
        {
            throw new RequestException($"{place.At("datatype")} is '{datatype}' but must be one of {Datatype.All}.");
        }

        var count = Count(shape, place);
        if (dtype is null && count != 1)
        {
            throw new RequestException(
                $"{place} has {count} texts, but an input has one text; the parts of a list are inputs of their own.");
        }

        return _names.Add(name)
            ? new InferInput(place, name, dtype, shape, count)
            : throw new RequestException($"Two inputs have the name '{name}'.");
    }

    private long Count(ImmutableArray<long> shape, FieldPlace place)
    {
        if (shape.Length > Shapes.MaxDimensions)
        {
            throw new RequestException($"{place.At("shape")} has more than {Shapes.MaxDimensions} dimensions.");
        }

        if (Shapes.Count(shape) is not { } count)
        {
            throw new RequestException($"{place.At("shape")} is {Shapes.Text(shape)}, more elements than 63 bits count.");
        }

        _elements = count > options.MaxElements - _elements
            ? throw new RequestException(
                $"{place.At("shape")} is {Shapes.Text(shape)}, with which the inputs have more elements than {options.MaxElements} "
                + $"({SettingNames.MaxElements}).")
            : _elements + count;
        return count;
    }
}
