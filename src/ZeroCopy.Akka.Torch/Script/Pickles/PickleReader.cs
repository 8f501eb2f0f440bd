using System.Buffers.Binary;
using System.Text;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Script.Pickles;

/// <summary>
/// Reads the pickles of TorchScript archives as data: builds a tree of plain values and tensor descriptions, resolves no name and runs
/// nothing. Knows only the operations and functions that TorchScript writes, and takes nothing that libtorch would read otherwise: libtorch
/// trusts sizes, calls functions by number, and follows values as deep as they go. Source: torch/csrc/jit/serialization/pickler.h.
/// </summary>
internal sealed class PickleReader
{
    /// <summary>Most values that are read from a pickle: far more than any model has, and no more than a process holds.</summary>
    public const long MaxValues = 16_000_000;

    // A shape may stand in any number of tensors and is copied for each of them. More than the kernels of libtorch take.
    private const int MaxDimensions = 64;

    // What may stand beside a tensor, which is looked through for each of them: libtorch writes two.
    private const int MaxFlags = 16;

    private static readonly object Mark = new();
    private readonly byte[] _bytes;
    private readonly string _path;
    private readonly List<object?> _stack = [];
    private readonly List<PickleTensor> _tensors = [];
    private readonly List<PickleSparse> _sparse = [];
    private readonly List<PickleGlobal> _globals = [];
    private readonly Dictionary<uint, object?> _memo = [];

    // What has a place in the memo, and so may stand in several others.
    private readonly HashSet<object> _shared = new(ReferenceEqualityComparer.Instance);
    private uint _freeMemo;
    private int _at;

    private PickleReader(byte[] bytes, string path)
    {
        _bytes = bytes;
        _path = path;
    }

    /// <param name="bytes">The pickle.</param>
    /// <param name="path">The archive, for errors.</param>
    /// <param name="isKept">
    /// Whether its values are gone through again: then one that stands in several places counts in each. Records for debuggers name every
    /// line of a source with every range of it.
    /// </param>
    /// <exception cref="InvalidModelException">The pickle is corrupt, or has an operation that TorchScript does not write.</exception>
    public static Pickle Read(byte[] bytes, string path, bool isKept = true)
    {
        var reader = new PickleReader(bytes, path);
        try
        {
            var root = reader.Run();
            PickleNesting.Require(root, path, isKept ? MaxValues : long.MaxValue);
            return new Pickle(root, reader._tensors, reader._sparse, reader._globals, reader._freeMemo);
        }
        catch (Exception exception) when (exception
            is ArgumentException or InvalidCastException or NullReferenceException or KeyNotFoundException
            or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidModelException($"{path}: the pickle is corrupt near byte {reader._at}.", exception);
        }
    }

    private object? Run()
    {
        for (var operations = 1; ; operations++)
        {
            if (operations > 2 * MaxValues || _stack.Count > MaxValues)
            {
                throw new InvalidModelException($"{_path}: the pickle has more than {MaxValues} values.");
            }

            var start = _at;
            switch ((char)Take(1)[0])
            {
                case '\x80': Take(1); break;
                case '.': return Pop();
                case '(': _stack.Add(Mark); break;
                case ')': _stack.Add(Array.Empty<object?>()); break;
                case ']': _stack.Add(new PickleList()); break;
                case '}': _stack.Add(new PickleDictionary()); break;
                case 'N': _stack.Add(null); break;
                case '\x88': _stack.Add(new PickleBoolean(true, start)); break;
                case '\x89': _stack.Add(new PickleBoolean(false, start)); break;
                case 'K': Integer(start, Take(1)[0]); break;
                case 'M': Integer(start, BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case 'J': Integer(start, BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
                case '\x8a': Integer(start, Long(Take(Take(1)[0]))); break;
                case 'G': _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
                case 'X': _stack.Add(Encoding.UTF8.GetString(Take(Count(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))))); break;
                case 'T': _stack.Add(Encoding.Latin1.GetString(Take(Count(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))))); break;
                case 'U': _stack.Add(Encoding.Latin1.GetString(Take(Take(1)[0]))); break;
                case 'c': Global(start, Line(), Line()); break;
                case 'q': Remember(Take(1)[0]); break;
                case 'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
                case 'h': _stack.Add(_memo[Take(1)[0]]); break;
                case 'j': _stack.Add(_memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))]); break;
                case 't': _stack.Add(PopMark()); break;
                case '\x85': Tuple(1); break;
                case '\x86': Tuple(2); break;
                case '\x87': Tuple(3); break;
                case 'a': Append(Pop()); break;
                case 'e': Append(PopMark()); break;
                case 's': SetItems([.. PopMany(2)], null); break;
                case 'u': SetItems(PopMark(), start); break;
                case '\x81': Pop(); New((PickleGlobal)Pop()!); break;
                case 'b': var state = Pop(); ((PickleObject)_stack[^1]!).Build(state); break;
                case 'Q': _stack.Add(Storage(Own(Pop()))); break;
                case 'R': Reduce(Pop(), (PickleGlobal)Pop()!); break;
                case '0': Pop(); break;
                default:
                    throw new InvalidModelException(
                        $"{_path}: the pickle has an operation (0x{_bytes[start]:x2} at {start}) that TorchScript does not write.");
            }
        }
    }

    private void Integer(int start, long value) => _stack.Add(new PickleInteger(value, start, _at));

    private void Global(int start, string module, string name)
    {
        var global = new PickleGlobal(module, name, start, _at);
        _globals.Add(global);
        _stack.Add(global);
    }

    private void Remember(uint place)
    {
        // libtorch fills a table up to the place, so a place that no pickle of this length needs would only exhaust its memory.
        if (place > _bytes.Length)
        {
            throw new OverflowException();
        }

        // libtorch keeps what is not an object yet as a number, which must not get a name. Nor must numbers and truth values, which
        // PyTorch writes anew in each place: one that is changed where it is written would change wherever it stands.
        _memo[place] = _stack[^1] is PickleObject { IsBuilt: false } or PickleInteger or PickleBoolean
            ? throw new InvalidCastException() : _stack[^1];
        if (_stack[^1] is { } value)
        {
            _shared.Add(value);
        }

        _freeMemo = Math.Max(_freeMemo, place + 1);
    }

    private static long Long(ReadOnlySpan<byte> little)
    {
        if (little.Length > 8)
        {
            throw new OverflowException();
        }

        var value = little.Length > 0 && little[^1] >= 0x80 ? -1L : 0L;
        for (var i = little.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | little[i];
        }

        return value;
    }

    private int Count(uint count) => count <= _bytes.Length ? (int)count : throw new OverflowException();

    private ReadOnlySpan<byte> Take(int count)
    {
        var span = _bytes.AsSpan(_at, count);
        _at += count;
        return span;
    }

    private string Line()
    {
        var length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(Take(length));
        _at++;
        return line;
    }

    private object? Pop()
    {
        var value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return value != Mark ? value : throw new InvalidCastException();
    }

    private object?[] PopMany(int count)
    {
        var values = _stack.GetRange(_stack.Count - count, count).ToArray();
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object?[] PopMark()
    {
        var mark = _stack.LastIndexOf(Mark);
        var values = PopMany(_stack.Count - mark - 1);
        _stack.RemoveAt(mark);
        return values;
    }

    private void Tuple(int count) => _stack.Add(PopMany(count));

    private void Append(params object?[] values) => ((PickleList)_stack[^1]!).Items.AddRange(values);

    private void SetItems(object?[] values, int? end)
    {
        var dictionary = (PickleDictionary)_stack[^1]!;
        dictionary.ItemsEnd = end;
        for (var i = 0; i < values.Length; i += 2)
        {
            dictionary.Items.Add((values[i], values[i + 1]));
        }
    }

    private void New(PickleGlobal type) => _stack.Add(IsScript(type.Module) ? new PickleObject(type) : throw new InvalidCastException());

    // A tuple that stands nowhere else, so that its numbers may be changed.
    private object?[] Own(object? tuple) => !_shared.Contains(tuple!) ? (object?[])tuple! : throw new InvalidCastException();

    private PickleStorage Storage(object?[] arguments)
    {
        var type = ((PickleGlobal)arguments[1]!).Name;
        return new PickleStorage(
            PickleStorageType.Find(type) ?? throw new InvalidModelException($"{_path}: a tensor is of the unknown type {type}."),
            (string)arguments[2]!,
            (PickleInteger)arguments[4]!);
    }

    private void Reduce(object? argument, PickleGlobal function)
    {
        var arguments = argument as object?[] ?? [argument];
        switch (function.Module, function.Name)
        {
            case ("torch._utils", "_rebuild_tensor_v2" or "_rebuild_qtensor"):
                var isQuantized = function.Name == "_rebuild_qtensor";
                arguments = Own(arguments);
                var tensor = new PickleTensor(
                    (PickleStorage)arguments[0]!,
                    (PickleInteger)arguments[1]!,
                    Shape(arguments[2]),
                    [.. Own(arguments[3]).Cast<PickleInteger>()],
                    isQuantized,
                    !isQuantized && arguments.Length == 7 ? Laziness(arguments[6]) : PickleLaziness.None,
                    _at);
                _tensors.Add(tensor);
                _stack.Add(tensor);
                return;
            case ("torch._utils", "_rebuild_sparse_tensor" or "_rebuild_sparse_csr_tensor"):
                var sparse = Sparse(arguments);
                _sparse.Add(sparse);
                _stack.Add(sparse);
                return;
            case ("torch.jit._pickle", "restore_type_tag"):
                ScriptNesting.Require((string)arguments[1]!, _path);
                break;
            case ("torch.jit._pickle", "build_intlist" or "build_tensorlist" or "build_doublelist" or "build_boollist"):
            case ("collections", "OrderedDict"):
            case ("builtins", "complex"):
            case ("torch", "device"):
            case var (module, _) when IsScript(module):
                break;
            default:
                throw new InvalidModelException(
                    $"{_path}: a value is made by {function.Module}.{function.Name}, which is not taken here; "
                    + "export the model without it.");
        }

        // Lists with their element type, dictionaries, enumerations: kept as what their arguments hold.
        var result = new PickleList();
        result.Items.AddRange(arguments);
        _stack.Add(result);
    }

    private PickleInteger[] Shape(object? argument)
    {
        var sizes = (object?[])argument!;
        return sizes.Length <= MaxDimensions ? [.. sizes.Cast<PickleInteger>()] : throw new InvalidModelException(
            $"{_path}: a tensor has {sizes.Length} dimensions; at most {MaxDimensions} are read.");
    }

    private PickleSparse Sparse(object?[] arguments)
    {
        var layout = ((PickleInteger)arguments[0]!).Value;
        long[] shape = [.. Shape(arguments[1]).Select(size => size.Value)];
        return layout == PickleSparse.Coordinates
            ? new PickleSparse(layout, shape, (PickleTensor)arguments[3]!, (PickleTensor)arguments[4]!)
            : new PickleSparse(layout, shape, null, null);
    }

    // Being there is what counts for libtorch, whatever the value.
    private PickleLaziness Laziness(object? argument)
    {
        var bits = (PickleDictionary)(argument is PickleList tagged ? tagged.Items[0] : argument)!;
        if (bits.Items.Count > MaxFlags)
        {
            throw new InvalidModelException($"{_path}: a tensor has {bits.Items.Count} flags; at most {MaxFlags} are read.");
        }

        var end = _at - 2;
        return new PickleLaziness(
            bits.Items.Any(item => item.Key is "conj"), bits.Items.Any(item => item.Key is "neg"), _bytes[end] == (byte)'t' ? end : null);
    }

    private static bool IsScript(string module) => module == "__torch__" || module.StartsWith("__torch__.", StringComparison.Ordinal);
}
