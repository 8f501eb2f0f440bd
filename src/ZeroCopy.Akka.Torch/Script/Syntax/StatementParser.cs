using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>Reads statements.</summary>
internal sealed class StatementParser(TokenReader reader)
{
    private static readonly ImmutableArray<string> Augmented =
        ["+=", "-=", "*=", "/=", "%=", "//=", "**=", "&=", "|=", "^=", "<<=", ">>=", "@="];

    private readonly ExpressionParser _expressions = new(reader);

    /// <summary>The statements of a block whose head ends here.</summary>
    /// <exception cref="FormatException">One is not understood.</exception>
    public List<Statement> Block()
    {
        var statements = new List<Statement>();
        if (reader.Kind != SourceTokenKind.NewLine)
        {
            Line(statements);
            return statements;
        }

        reader.Skip();
        if (reader.Kind != SourceTokenKind.Indent)
        {
            throw reader.Unexpected("a block");
        }

        reader.Skip();
        while (reader.Kind is not (SourceTokenKind.Dedent or SourceTokenKind.End))
        {
            Line(statements);
        }

        reader.Skip();
        return statements;
    }

    private void Line(List<Statement> statements)
    {
        if (Compound() is { } compound)
        {
            statements.Add(compound);
            return;
        }

        do
        {
            if (Simple() is { } simple)
            {
                statements.Add(simple);
            }
        }
        while (reader.TryTake(";") && reader.Kind != SourceTokenKind.NewLine);
        if (reader.Kind is not (SourceTokenKind.NewLine or SourceTokenKind.End))
        {
            throw reader.Unexpected("the end of the statement");
        }

        reader.Skip();
    }

    private Statement? Compound()
    {
        if (reader.TryTake("if"))
        {
            return If();
        }

        if (reader.TryTake("while"))
        {
            return new Statement.While(Condition(), [.. Block()]);
        }

        if (reader.TryTake("for"))
        {
            var target = _expressions.ReadTarget();
            reader.Take("in");
            return new Statement.For(target, Condition(), [.. Block()]);
        }

        return reader.TryTake("with") ? With() : null;
    }

    private Statement.If If()
    {
        // A chain of branches is as deep as it is long, so that it is taken in a loop.
        var branches = new Stack<(Expression Condition, List<Statement> Then)>();
        branches.Push((Condition(), Block()));
        while (reader.TryTake("elif"))
        {
            branches.Push((Condition(), Block()));
        }

        List<Statement> otherwise = [];
        if (reader.TryTake("else"))
        {
            reader.Take(":");
            otherwise = Block();
        }

        while (branches.TryPop(out var branch))
        {
            otherwise = [new Statement.If(branch.Condition, [.. branch.Then], [.. otherwise])];
        }

        return (Statement.If)otherwise[0];
    }

    private Expression Condition()
    {
        var condition = _expressions.ReadMany();
        reader.Take(":");
        return condition;
    }

    private Statement.With With()
    {
        var items = ImmutableArray.CreateBuilder<(Expression Value, Expression? Target)>();
        do
        {
            var value = _expressions.Read();
            items.Add((value, reader.TryTake("as") ? _expressions.Read() : null));
        }
        while (reader.TryTake(","));
        reader.Take(":");
        return new Statement.With(items.ToImmutable(), [.. Block()]);
    }

    private Statement? Simple()
    {
        if (reader.TryTake("pass"))
        {
            return null;
        }

        if (reader.TryTake("break") || reader.TryTake("continue"))
        {
            return new Statement.Jump();
        }

        if (reader.TryTake("return"))
        {
            return new Statement.Return(reader.Kind == SourceTokenKind.NewLine ? null : _expressions.ReadMany());
        }

        if (reader.TryTake("del"))
        {
            return new Statement.Delete(_expressions.ReadMany());
        }

        if (reader.TryTake("assert"))
        {
            return new Statement.Evaluate(_expressions.ReadMany());
        }

        if (reader.TryTake("raise"))
        {
            // What is raised is no function of the script, but what it is given is computed.
            return reader.Kind == SourceTokenKind.NewLine ? null
                : _expressions.ReadMany() is Expression.Call raised
                    ? new Statement.Evaluate(new Expression.Container("Tuple", raised.Arguments, raised.Line)) : null;
        }

        return Assignment();
    }

    private Statement Assignment()
    {
        var value = _expressions.ReadMany();
        if (reader.Kind == SourceTokenKind.Symbol && Augmented.Contains(reader.Next.Text))
        {
            var symbol = reader.Next.Text;
            reader.Skip();
            return new Statement.Augment(value, symbol, _expressions.ReadMany());
        }

        var type = reader.TryTake(":") ? ScriptType.Parse(reader.TakeType()) : null;
        var targets = ImmutableArray.CreateBuilder<Expression>();
        while (reader.TryTake("="))
        {
            targets.Add(value);
            value = _expressions.ReadMany();
        }

        return targets.Count > 0 ? new Statement.Assign(targets.ToImmutable(), value, type) : new Statement.Evaluate(value);
    }
}
