using System.Collections.Immutable;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>An expression of a script. Each is an object of its own: what it makes is known by it.</summary>
/// <param name="line">Its line in its file, from 1.</param>
internal abstract class Expression(int line)
{
    public int Line => line;

    /// <summary>A variable, or the first part of a dotted name.</summary>
    public sealed class Name(string id, int line) : Expression(line)
    {
        public string Id => id;
    }

    /// <summary>A number, <c>True</c>, <c>False</c> or <c>None</c>.</summary>
    public sealed class Constant(Truth truth, int line, bool isZero = false) : Expression(line)
    {
        public Truth Truth => truth;

        /// <summary>Whether it is the number zero.</summary>
        public bool IsZero => isZero;
    }

    /// <summary>A text.</summary>
    public sealed class Text(string value, int line) : Expression(line)
    {
        public string Value => value;
    }

    /// <summary><c>of.id</c>.</summary>
    public sealed class Member(Expression of, string id, int line) : Expression(line)
    {
        public Expression Of => of;

        public string Id => id;
    }

    /// <summary>A call, with arguments by position and by name.</summary>
    public sealed class Call(
        Expression function, ImmutableArray<Expression> arguments, ImmutableArray<(string Name, Expression Value)> named, int line)
        : Expression(line)
    {
        public Expression Function => function;

        public ImmutableArray<Expression> Arguments => arguments;

        public ImmutableArray<(string Name, Expression Value)> Named => named;
    }

    /// <summary><c>of[index]</c>, slices among them.</summary>
    public sealed class Item(Expression of, ImmutableArray<Expression> index, bool isSlice, int line) : Expression(line)
    {
        /// <summary>Whether a colon stands in it: of a list or tuple, the answer is one as well.</summary>
        public bool IsSlice => isSlice;

        public Expression Of => of;

        public ImmutableArray<Expression> Index => index;
    }

    /// <summary>A list, tuple, set or dictionary of parts; of a dictionary, keys and values.</summary>
    public sealed class Container(string type, ImmutableArray<Expression> parts, int line) : Expression(line)
    {
        /// <summary><c>List</c>, <c>Tuple</c> or <c>Dict</c>.</summary>
        public string Type => type;

        public ImmutableArray<Expression> Parts => parts;
    }

    /// <summary>An operator with its operands.</summary>
    public sealed class Operation(string symbol, ImmutableArray<Expression> operands, int line) : Expression(line)
    {
        public string Symbol => symbol;

        public ImmutableArray<Expression> Operands => operands;
    }

    /// <summary><c>[part for target in source if condition]</c>, or that of a dictionary.</summary>
    public sealed class Comprehension(
        string type,
        ImmutableArray<Expression> parts,
        Expression target,
        Expression source,
        ImmutableArray<Expression> conditions,
        int line)
        : Expression(line)
    {
        public string Type => type;

        public ImmutableArray<Expression> Parts => parts;

        public Expression Target => target;

        public Expression Source => source;

        public ImmutableArray<Expression> Conditions => conditions;
    }
}
