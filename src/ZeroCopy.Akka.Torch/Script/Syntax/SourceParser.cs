using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>
/// Reads the declarations of a source file of TorchScript, and the statements of its functions. What it does not understand is left out of
/// a class, or leaves a function without a body: nothing is guessed. Source: torch/csrc/jit/frontend/parser.cpp and
/// torch/csrc/jit/serialization/python_print.cpp.
/// </summary>
internal sealed class SourceParser
{
    private readonly TokenReader _reader;
    private readonly string _module;
    private readonly List<ScriptClass> _classes = [];
    private readonly List<ScriptFunction> _functions = [];

    private SourceParser(string module, TokenReader reader)
    {
        _module = module;
        _reader = reader;
    }

    /// <summary>The classes and functions of a file whose names begin with <paramref name="module"/>.</summary>
    /// <exception cref="FormatException">It cannot be taken apart into tokens.</exception>
    public static (List<ScriptClass> Classes, List<ScriptFunction> Functions) Read(string module, string text)
    {
        var parser = new SourceParser(module, new TokenReader(text, [.. SourceLexer.Read(text)]));
        parser.File();
        return (parser._classes, parser._functions);
    }

    private void File()
    {
        while (_reader.Kind != SourceTokenKind.End)
        {
            if (_reader.TryTake("class"))
            {
                _classes.Add(Class());
            }
            else if (_reader.TryTake("def"))
            {
                _functions.Add(Function(_module));
            }
            else
            {
                _reader.SkipStatement();
            }
        }
    }

    private ScriptClass Class()
    {
        var name = _reader.TakeName();
        var @base = "";
        if (_reader.TryTake("("))
        {
            @base = _reader.TryPeekName() is { } known ? known : "";
            _reader.SkipTo(")");
            _reader.Take(")");
        }

        var type = new ScriptClass($"{_module}.{name}", @base);
        _reader.Take(":");
        foreach (var _ in Block())
        {
            if (_reader.TryTake("def"))
            {
                var method = Function(type.FullName);
                type.Methods[method.FullName[(type.FullName.Length + 1)..]] = method;
            }
            else
            {
                Attribute(type);
            }
        }

        return type;
    }

    // "name : Type", "name : Final[Type] = value", "__annotations__["0"] = Type", "__parameters__ = ["name", ]".
    private void Attribute(ScriptClass type)
    {
        if (_reader.Kind != SourceTokenKind.Name)
        {
            _reader.SkipStatement();
            return;
        }

        var name = _reader.TakeName();
        if (_reader.TryTake(":"))
        {
            Declare(type, name, _reader.TakeType());
        }
        else if (name == "__annotations__" && _reader.TryTake("["))
        {
            name = _reader.TakeText();
            _reader.Take("]");
            _reader.Take("=");
            Declare(type, name, _reader.TakeType());
        }
        else if (type.Names(name) is { } names && _reader.TryTake("="))
        {
            while (_reader.Kind is not (SourceTokenKind.NewLine or SourceTokenKind.End))
            {
                if (_reader.Kind == SourceTokenKind.Text)
                {
                    names.Add(_reader.TakeText());
                }
                else
                {
                    _reader.Skip();
                }
            }
        }

        _reader.SkipStatement();
    }

    private static void Declare(ScriptClass type, string name, string declared)
    {
        var parsed = ScriptType.Parse(declared);
        if (type.Attributes.TryAdd(name, parsed is { Name: "Final", Arguments: [var constant] } ? constant : parsed))
        {
            type.Fields.Add(name);
        }
    }

    private ScriptFunction Function(string scope)
    {
        var name = $"{scope}.{_reader.TakeName()}";
        _reader.Take("(");
        var parameters = ImmutableArray.CreateBuilder<DeclaredParameter>();
        while (!_reader.TryTake(")"))
        {
            // What stands behind a star is given by name.
            if (_reader.TryTake("*") && _reader.TryTake(","))
            {
                continue;
            }

            var parameter = _reader.TakeName();
            var type = _reader.TryTake(":") ? _reader.TakeType() : null;
            var (text, value) = _reader.TryTake("=") ? Default() : (null, null);
            parameters.Add(new DeclaredParameter(parameter, type, text, value));
            if (!_reader.TryTake(","))
            {
                _reader.Take(")");
                break;
            }
        }

        var result = ScriptType.Parse(_reader.TryTake("->") ? _reader.TakeType() : "Tensor");
        _reader.Take(":");
        var start = _reader.Position;
        try
        {
            return new ScriptFunction(name, parameters.ToImmutable(), result, [.. new StatementParser(_reader).Block()], null);
        }
        catch (FormatException problem)
        {
            _reader.Position = start;
            _reader.SkipBlock();
            return new ScriptFunction(name, parameters.ToImmutable(), result, null, problem.Message);
        }
    }

    private (string Text, Expression? Value) Default()
    {
        var start = _reader.Position;
        var text = _reader.TakeUntil(",", ")");
        var end = _reader.Position;
        _reader.Position = start;
        try
        {
            return (text, new ExpressionParser(_reader).Read());
        }
        catch (FormatException)
        {
            return (text, null);
        }
        finally
        {
            _reader.Position = end;
        }
    }

    // Runs once for each statement of an indented block.
    private IEnumerable<int> Block()
    {
        if (_reader.Kind != SourceTokenKind.NewLine)
        {
            _reader.SkipStatement();
            yield break;
        }

        _reader.Skip();
        if (_reader.Kind != SourceTokenKind.Indent)
        {
            yield break;
        }

        _reader.Skip();
        while (_reader.Kind is not (SourceTokenKind.Dedent or SourceTokenKind.End))
        {
            yield return _reader.Position;
        }

        _reader.Skip();
    }
}
