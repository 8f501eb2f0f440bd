using System.Collections.Immutable;
using System.Text;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>Reads expressions.</summary>
internal sealed class ExpressionParser(TokenReader reader)
{
    // From the weakest to the strongest; all of them are taken from left to right, for what is computed does not matter here.
    private static readonly ImmutableArray<ImmutableArray<string>> Binary =
    [
        ["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "//", "%", "@"],
    ];

    private static readonly ImmutableHashSet<string> Comparisons = ["==", "!=", "<", ">", "<=", ">=", "in", "is", "not"];

    private static readonly ImmutableHashSet<string> Words =
    [
        "if", "else", "elif", "for", "while", "in", "is", "not", "and", "or", "lambda", "await", "yield", "async", "def", "class", "return",
    ];

    /// <summary>One expression.</summary>
    /// <exception cref="FormatException">It is not understood.</exception>
    public Expression Read()
    {
        var value = Or();
        if (!reader.Is("if"))
        {
            return value;
        }

        var line = reader.Line;
        reader.Skip();
        var condition = Or();
        reader.Take("else");
        return new Expression.Operation("if", [condition, value, Read()], line);
    }

    /// <summary>Expressions with commas between them are a tuple.</summary>
    public Expression ReadMany() => Many(Read);

    /// <summary>What a loop assigns to: names, or a tuple of them.</summary>
    public Expression ReadTarget() => Many(Postfix);

    private Expression Many(Func<Expression> read)
    {
        var (line, first) = (reader.Line, read());
        if (!reader.Is(","))
        {
            return first;
        }

        var parts = ImmutableArray.CreateBuilder<Expression>();
        parts.Add(first);
        while (reader.TryTake(",")
            && !(reader.Kind == SourceTokenKind.NewLine || reader.Is("=") || reader.Is(")") || reader.Is("in") || reader.Is(":")))
        {
            parts.Add(read());
        }

        return new Expression.Container("Tuple", parts.ToImmutable(), line);
    }

    private Expression Or() => Joined("or", And);

    private Expression And() => Joined("and", Not);

    private Expression Joined(string word, Func<Expression> operand)
    {
        var left = operand();
        while (reader.Is(word))
        {
            var line = reader.Line;
            reader.Skip();
            left = new Expression.Operation(word, [left, operand()], line);
        }

        return left;
    }

    private Expression Not()
    {
        var line = reader.Line;
        return reader.TryTake("not") ? new Expression.Operation("not", [Not()], line) : Comparison();
    }

    private Expression Comparison()
    {
        var left = Level(0);
        while (Comparisons.Contains(reader.Next.Text) && reader.Kind is SourceTokenKind.Symbol or SourceTokenKind.Name)
        {
            var (line, word) = (reader.Line, reader.Next.Text);
            reader.Skip();
            word = word == "is" && reader.TryTake("not") ? "is not" : word == "not" && reader.TryTake("in") ? "not in" : word;
            left = new Expression.Operation(word, [left, Level(0)], line);
        }

        return left;
    }

    private Expression Level(int level)
    {
        if (level == Binary.Length)
        {
            return Unary();
        }

        var left = Level(level + 1);
        while (reader.Kind == SourceTokenKind.Symbol && Binary[level].Contains(reader.Next.Text))
        {
            var (line, symbol) = (reader.Line, reader.Next.Text);
            reader.Skip();
            left = new Expression.Operation(symbol, [left, Level(level + 1)], line);
        }

        return left;
    }

    private Expression Unary()
    {
        var (line, symbol) = (reader.Line, reader.Next.Text);
        if (reader.Kind == SourceTokenKind.Symbol && symbol is "-" or "+" or "~")
        {
            reader.Skip();
            return new Expression.Operation(symbol, [Unary()], line);
        }

        var value = Postfix();
        return reader.TryTake("**") ? new Expression.Operation("**", [value, Unary()], line) : value;
    }

    private Expression Postfix()
    {
        var value = Primary();
        while (true)
        {
            var line = reader.Line;
            if (reader.TryTake("."))
            {
                value = new Expression.Member(value, reader.TakeName(), line);
            }
            else if (reader.TryTake("("))
            {
                value = Call(value, line);
            }
            else if (reader.TryTake("["))
            {
                var (index, isSlice) = Index();
                value = new Expression.Item(value, index, isSlice, line);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression.Call Call(Expression function, int line)
    {
        var arguments = ImmutableArray.CreateBuilder<Expression>();
        var named = ImmutableArray.CreateBuilder<(string Name, Expression Value)>();
        while (!reader.TryTake(")"))
        {
            var value = Read();
            if (value is Expression.Name { Id: var name } && reader.TryTake("="))
            {
                named.Add((name, Read()));
            }
            else
            {
                arguments.Add(value);
            }

            if (!reader.TryTake(",") && !reader.Is(")"))
            {
                throw reader.Unexpected("',' or ')'");
            }
        }

        return new Expression.Call(function, arguments.ToImmutable(), named.ToImmutable(), line);
    }

    private (ImmutableArray<Expression> Parts, bool IsSlice) Index()
    {
        var parts = ImmutableArray.CreateBuilder<Expression>();
        var isSlice = false;
        while (!reader.TryTake("]"))
        {
            if (reader.TryTake(":"))
            {
                isSlice = true;
            }
            else if (!reader.TryTake(",") && !reader.TryTake("..."))
            {
                parts.Add(Read());
            }
        }

        return (parts.ToImmutable(), isSlice);
    }

    private Expression Primary()
    {
        var (token, line) = (reader.Next, reader.Line);
        switch (token.Kind)
        {
            case SourceTokenKind.Number:
                reader.Skip();
                return new Expression.Constant(Truth.Unknown, line, isZero: token.Text == "0");
            case SourceTokenKind.Text:
                var text = new StringBuilder();
                while (reader.Kind == SourceTokenKind.Text)
                {
                    text.Append(reader.TakeText());
                }

                return new Expression.Text(text.ToString(), line);
            case SourceTokenKind.Name when !Words.Contains(token.Text):
                reader.Skip();
                return token.Text switch
                {
                    "True" => new Expression.Constant(Truth.True, line),
                    "False" => new Expression.Constant(Truth.False, line),
                    "None" => new Expression.Constant(Truth.None, line),
                    _ => new Expression.Name(token.Text, line),
                };
            case SourceTokenKind.Symbol when reader.TryTake("("):
                return Parenthesis(line);
            case SourceTokenKind.Symbol when reader.TryTake("["):
                return Parts("List", "]", line);
            case SourceTokenKind.Symbol when reader.TryTake("{"):
                return Parts("Dict", "}", line);
            default:
                throw reader.Unexpected("a value");
        }
    }

    private Expression Parenthesis(int line)
    {
        if (reader.TryTake(")"))
        {
            return new Expression.Container("Tuple", [], line);
        }

        var value = ReadMany();
        reader.Take(")");
        return value;
    }

    private Expression Parts(string type, string end, int line)
    {
        var parts = ImmutableArray.CreateBuilder<Expression>();
        while (!reader.TryTake(end))
        {
            parts.Add(Read());
            if (reader.TryTake(":"))
            {
                parts.Add(Read());
            }

            if (reader.TryTake("for"))
            {
                return Comprehension(type, parts.ToImmutable(), end, line);
            }

            if (!reader.TryTake(",") && !reader.Is(end))
            {
                throw reader.Unexpected($"',' or '{end}'");
            }
        }

        return new Expression.Container(type, parts.ToImmutable(), line);
    }

    private Expression.Comprehension Comprehension(string type, ImmutableArray<Expression> parts, string end, int line)
    {
        var target = ReadTarget();
        reader.Take("in");
        var source = Or();
        var conditions = ImmutableArray.CreateBuilder<Expression>();
        while (reader.TryTake("if"))
        {
            conditions.Add(Or());
        }

        reader.Take(end);
        return new Expression.Comprehension(type, parts, target, source, conditions.ToImmutable(), line);
    }
}
