using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Script.Syntax;

/// <summary>
/// Refuses source text that is nested deeper than a stack holds: libtorch's parser and compiler are recursive, and so is
/// <see cref="ExpressionParser"/>. PyTorch itself writes a statement for almost every operation, so that its text stays far below the
/// limit.
/// </summary>
internal sealed class ScriptNesting
{
    private const int MaxDepth = 250;

    // A chain of branches is as many blocks in each other, which people write; each takes the compiler a few frames.
    private const int MaxBlocks = 500;

    // For each bracket that is open, the levels that stand before it in its own bracket.
    private readonly Stack<int> _brackets = new();
    private int _sum;
    private int _own;
    private int _indents;
    private int _branches;

    private ScriptNesting()
    {
    }

    private int Depth => _brackets.Count + _sum + _own;

    private int Blocks => Math.Max(_indents, _branches);

    /// <exception cref="InvalidModelException">Nested too deeply, or nothing that can be taken apart.</exception>
    public static void Require(string text, string path)
    {
        var nesting = new ScriptNesting();
        try
        {
            foreach (var token in SourceLexer.Read(text))
            {
                nesting.Take(token);
                RequireDepth(nesting.Depth, path);
                Require(nesting.Blocks, MaxBlocks, path);
            }
        }
        catch (FormatException problem)
        {
            throw new InvalidModelException($"{path}: its code is no TorchScript: {problem.Message}.", problem);
        }
    }

    /// <summary>Refuses what the source text leads to in that many levels, such as a type whose names stand for others.</summary>
    /// <exception cref="InvalidModelException">They are more than a statement may have.</exception>
    public static void RequireDepth(int depth, string path) => Require(depth, MaxDepth, path);

    private static void Require(int depth, int limit, string path)
    {
        if (depth > limit)
        {
            throw new InvalidModelException(
                $"{path}: its code is nested in more than {limit} levels; export the model from simpler code.");
        }
    }

    private void Take(SourceToken token)
    {
        switch (token.Kind, token.Text)
        {
            case (SourceTokenKind.NewLine, _) or (SourceTokenKind.Symbol, ","):
                _own = 0;
                break;
            case (SourceTokenKind.Indent, _):
                _indents++;
                break;
            case (SourceTokenKind.Dedent, _):
                _indents--;
                break;
            case (SourceTokenKind.Symbol, "(" or "[" or "{"):
                _brackets.Push(_own);
                (_sum, _own) = (_sum + _own, 0);
                break;
            case (SourceTokenKind.Symbol, ")" or "]" or "}") when _brackets.TryPop(out var before):
                // What follows is a level above what stood before the bracket and the bracket itself.
                (_sum, _own) = (_sum - before, before + 1);
                break;
            case (SourceTokenKind.Name, "elif"):
                _branches++;
                break;
            case (SourceTokenKind.Symbol, _):
            case (SourceTokenKind.Name, "if" or "else" or "not" or "and" or "or" or "in" or "is" or "for" or "lambda" or "await"):
                _own++;
                break;
        }
    }
}
