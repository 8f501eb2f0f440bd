using System.Text;

namespace ZeroCopy.TestSupport;

/// <summary>TorchScript files made of source text, as PyTorch writes it.</summary>
public static class ScriptText
{
    /// <summary>The class of the module, for the first argument of its methods.</summary>
    public const string Self = "__torch__.Randomness";

    /// <summary>Writes a module without weights.</summary>
    /// <param name="path">The file.</param>
    /// <param name="methods">Its methods, indented by two spaces, each with <see cref="Self"/> as the type of its first argument.</param>
    /// <param name="classes">Further classes of <c>__torch__</c>.</param>
    public static void Save(string path, string methods, string classes = "")
    {
        const string Code = "code/__torch__.py";
        var file = new ScriptFile(
            Path.Combine(RepositoryRoot.Path, "tests", "ZeroCopy.Akka.Torch.Tests", "Script", "Fixtures", "no_parameters.pt"));
        var text = Encoding.UTF8.GetString(file.Read(Code));
        var head = text[..text.IndexOf("  def ", StringComparison.Ordinal)];
        file.Write(Code, Encoding.UTF8.GetBytes($"{head}{methods.TrimEnd()}\n{classes}"));
        file.Save(path);
    }
}
