using System.Globalization;
using System.Text;

namespace ZeroCopy.Torch.Script.Sources;

/// <summary>
/// Forward hooks of the outermost module. Python runs them around its <c>forward</c>, TorchSharp calls that alone; so they become methods
/// of the class, and a new <c>forward</c> calls them around the old one. Source: <c>Module::operator()</c> in
/// torch/csrc/jit/api/module.cpp.
/// </summary>
internal static class ScriptHooks
{
    /// <summary>The name that the old <c>forward</c> gets.</summary>
    public const string Inner = "zerocopy_unhooked_forward";

    /// <summary>The source text of the new <c>forward</c>, and what it takes and returns.</summary>
    /// <param name="type">The class.</param>
    /// <param name="forward">The old one.</param>
    /// <param name="before">The hooks in front of it, in order.</param>
    /// <param name="behind">The hooks behind it, in order.</param>
    public static (string Source, ScriptMethod Method) Forward(
        string type,
        ScriptMethod forward,
        IEnumerable<(string Name, ScriptMethod Method)> before,
        IEnumerable<(string Name, ScriptMethod Method)> behind)
    {
        var text = new StringBuilder();
        var names = 0;
        var parameters = forward.Parameters.Zip(
            forward.Defaults, (parameter, value) => $"{parameter.Name}: {parameter.Type}{(value is null ? "" : $"={value}")}");
        text.Append(CultureInfo.InvariantCulture, $"  def forward(self: {type},\n    {string.Join(", ", parameters)}):\n");
        var arguments = forward.Parameters.Select(parameter => parameter.Name).ToList();
        foreach (var (name, hook) in before)
        {
            var changed = Assign($"(self).{name}({Tuple(arguments)}, )");
            if (hook.Result.Name == "Tuple")
            {
                arguments = [.. Enumerable.Range(0, hook.Result.Arguments.Length).Select(index => $"{changed}[{index}]")];
            }
            else if (hook.Result.Name != "NoneType")
            {
                arguments = [changed];
            }
        }

        var (answer, result) = (Assign($"(self).{Inner}({string.Concat(arguments.Select(argument => argument + ", "))})"), forward.Result);
        foreach (var (name, hook) in behind)
        {
            var changed = Assign($"(self).{name}({Tuple(arguments)}, {answer}, )");
            if (hook.Result.Name != "NoneType")
            {
                (answer, result) = (changed, hook.Result);
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"    return {answer}\n");
        return (text.ToString(), forward with { Result = result });

        string Assign(string call)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"zerocopy_{names++}");
            text.Append(CultureInfo.InvariantCulture, $"    {name} = {call}\n");
            return name;
        }
    }

    private static string Tuple(List<string> arguments) => $"({string.Concat(arguments.Select(argument => argument + ", "))})";
}
