using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>A statement of a script.</summary>
internal abstract record Statement
{
    /// <summary><c>target = target = value</c>; a declared type stands for the value's.</summary>
    public sealed record Assign(ImmutableArray<Expression> Targets, Expression Value, ScriptType? Type) : Statement;

    /// <summary><c>target += value</c>, which changes a tensor or list in place.</summary>
    public sealed record Augment(Expression Target, string Symbol, Expression Value) : Statement;

    /// <summary>An expression alone, an assertion, or what is raised.</summary>
    public sealed record Evaluate(Expression Value) : Statement;

    /// <summary>A branch.</summary>
    public sealed record If(Expression Condition, ImmutableArray<Statement> Then, ImmutableArray<Statement> Else) : Statement;

    /// <summary>A loop until a condition fails.</summary>
    public sealed record While(Expression Condition, ImmutableArray<Statement> Body) : Statement;

    /// <summary>A loop over what a value holds.</summary>
    public sealed record For(Expression Target, Expression Source, ImmutableArray<Statement> Body) : Statement;

    /// <summary>A block around which an object is entered and left.</summary>
    public sealed record With(ImmutableArray<(Expression Value, Expression? Target)> Items, ImmutableArray<Statement> Body) : Statement;

    /// <summary>Out of a loop, or on to its next round.</summary>
    public sealed record Jump : Statement;

    /// <summary>The end of a function; without a value, <c>None</c>.</summary>
    public sealed record Return(Expression? Value) : Statement;

    /// <summary><c>del target</c>.</summary>
    public sealed record Delete(Expression Target) : Statement;
}
