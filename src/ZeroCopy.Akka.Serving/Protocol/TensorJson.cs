using System.Collections.Immutable;
using System.Text.Json;
using ZeroCopy.Tensors;

namespace ZeroCopy.Serving.Protocol;

/// <summary>
/// Reads the field <c>data</c> of an input: its elements in row-major order, in one flat array or in arrays that lie in each other as the
/// shape says.
/// </summary>
internal static class TensorJson
{
    /// <summary>Reads a tensor's elements from the array whose start was read last.</summary>
    public static void ReadElements(
        ref JsonCursor json, FieldPlace place, DType dtype, ImmutableArray<long> shape, long count, Span<byte> elements)
    {
        var (walk, size, read) = (new Walk(place, shape, count), dtype.ElementSize(), 0);
        while (walk.Next(ref json))
        {
            if (!ElementJson.TryRead(in json.Value, dtype, elements.Slice(read * size, size)))
            {
                throw new RequestException($"{place} has {json.Shown()} as element {read}, which {Datatype.NameOf(dtype)} does not hold.");
            }

            read++;
        }
    }

    /// <summary>Reads the one text of the array whose start was read last.</summary>
    public static string ReadText(ref JsonCursor json, FieldPlace place, ImmutableArray<long> shape)
    {
        var (walk, text) = (new Walk(place, shape, 1), "");
        while (walk.Next(ref json))
        {
            text = json.Text(place);
        }

        return text;
    }

    /// <summary>Goes from element to element and checks that the arrays are as the shape says.</summary>
    private struct Walk(FieldPlace place, ImmutableArray<long> shape, long count)
    {
        /// <summary>Parts of the open array of each depth.</summary>
        private readonly long[] _parts = new long[shape.Length + 2];

        private int _depth = 1;
        private long _read;

        /// <summary>The next element is read; false where the outermost array has ended.</summary>
        public bool Next(ref JsonCursor json)
        {
            while (true)
            {
                json.Next();
                switch (json.Kind)
                {
                    case JsonTokenType.StartArray:
                        Open();
                        break;
                    case JsonTokenType.EndArray when _depth == 1:
                        End();
                        return false;
                    case JsonTokenType.EndArray:
                        Close();
                        break;
                    default:
                        TakeElement();
                        return true;
                }
            }
        }

        private void Open()
        {
            // Elements side by side with arrays, or arrays in arrays that hold elements.
            if (_depth >= shape.Length || (_depth == 1 && _parts[1] == 0 && _read > 0))
            {
                throw Unlike();
            }

            _parts[_depth]++;
            _depth++;
            _parts[_depth] = 0;
        }

        private void Close()
        {
            if (_parts[_depth] != shape[_depth - 1])
            {
                throw Unlike();
            }

            _depth--;
        }

        private void TakeElement()
        {
            var isFlat = _depth == 1 && shape.Length != 1;
            if (isFlat ? _parts[1] > 0 : _depth != shape.Length)
            {
                throw Unlike();
            }

            if (_read == count)
            {
                throw new RequestException($"{place} has more elements than the {count} of shape {Shapes.Text(shape)}.");
            }

            _read++;
            if (!isFlat)
            {
                _parts[_depth]++;
            }
        }

        private readonly void End()
        {
            if (_read != count)
            {
                throw new RequestException($"{place} has {_read} elements, but shape {Shapes.Text(shape)} has {count}.");
            }

            if (shape.Length > 1 && _parts[1] > 0 && _parts[1] != shape[0])
            {
                throw Unlike();
            }
        }

        private readonly RequestException Unlike() =>
            new($"{place} has arrays that are not as shape {Shapes.Text(shape)} says; one flat array of all elements does too.");
    }
}
