using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Sources;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Tests.Script.Syntax;

public sealed class ScriptSyntaxSpecs
{
    [Fact]
    public void ScriptSyntax_should_understand_every_function_of_the_fixtures()
    {
        foreach (var name in ScriptExample.Names)
        {
            using var archive = ScriptArchive.Open(ScriptExample.Path($"{name}.pt"));
            var syntax = ScriptSyntax.Read(ScriptSources.Read(archive).Files);

            Assert.Null(syntax.Problem);
            Assert.All(
                syntax.Classes.SelectMany(type => type.Methods.Values),
                method => Assert.True(method.Body is not null, $"{method.FullName}: {method.Problem}"));
        }
    }

    [Fact]
    public void ScriptSyntax_should_read_names_as_libtorch_does_when_they_are_escaped()
    {
        const string Code = """
            class M(Module):
              __parameters__ = ["gr\303\266\303\237e", "a\"\\b\nc", ]
              __forward_hooks__ = ["behind", "later", ]
              __annotations__["gr\303\266\303\237e"] = Tensor

            """;
        var type = ScriptSyntax.Read([("__torch__", Code.ReplaceLineEndings("\n"))]).Class("__torch__.M")!;

        Assert.Equal(["a\"\\b\nc", "größe"], type.Parameters.Order(StringComparer.Ordinal));
        Assert.Equal(["behind", "later"], type.Hooks);
        Assert.Equal(["größe"], type.Fields);
    }
}
