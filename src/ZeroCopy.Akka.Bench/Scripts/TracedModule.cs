using System.Globalization;
using System.Text;
using static TorchSharp.torch;

namespace ZeroCopy.Bench.Scripts;

/// <summary>A module as <c>torch.jit.trace</c> leaves it: a class of its own, parameters, children, and one method.</summary>
/// <param name="type">Name of the Python class.</param>
/// <param name="arguments">Arguments of <c>forward</c> with their types; empty for a module that only holds others.</param>
/// <param name="result">Type of what it returns.</param>
/// <param name="body">Statements of <c>forward</c>; each attribute is there as a variable, its name behind an underscore.</param>
internal sealed class TracedModule(string type, string arguments, string result, params string[] body)
{
    private readonly List<(string Name, Tensor Value)> _parameters = [];
    private readonly List<(string Name, TracedModule Value)> _children = [];

    public string Class => type;

    public IReadOnlyList<(string Name, Tensor Value)> Parameters => _parameters;

    public IReadOnlyList<(string Name, TracedModule Value)> Children => _children;

    public TracedModule With(string name, Tensor parameter)
    {
        _parameters.Add((name, parameter));
        return this;
    }

    public TracedModule With(string name, TracedModule child)
    {
        _children.Add((name, child));
        return this;
    }

    /// <summary>The class's source text, in the file of its mangled namespace.</summary>
    public string Source(Func<TracedModule, string> typeOf)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"class {type}(Module):\n");
        var names = string.Concat(_parameters.Select(item => $"\"{item.Name}\", "));
        text.Append(CultureInfo.InvariantCulture, $"  __parameters__ = [{names}]\n");
        text.Append("  __buffers__ = []\n");
        var attributes = _parameters.Select(item => (item.Name, Type: "Tensor")).Append((Name: "training", Type: "bool"))
            .Concat(_children.Select(item => (item.Name, Type: typeOf(item.Value)))).ToList();
        foreach (var (name, annotation) in attributes)
        {
            text.Append(IsNumber(name) ? $"  __annotations__[\"{name}\"] = {annotation}\n" : $"  {name} : {annotation}\n");
        }

        if (body.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  def forward(self: {typeOf(this)},\n    {arguments}) -> {result}:\n");
            foreach (var (name, _) in attributes.Where(attribute => attribute.Name != "training"))
            {
                text.Append(IsNumber(name) ? $"    _{name} = getattr(self, \"{name}\")\n" : $"    _{name} = self.{name}\n");
            }

            text.AppendJoin("", body.Select(line => $"    {line}\n"));
        }

        return text.ToString();
    }

    private static bool IsNumber(string name) => char.IsAsciiDigit(name[0]);
}
