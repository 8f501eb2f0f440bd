using System.Text.RegularExpressions;
using TorchSharp;
using ZeroCopy.Errors;
using ZeroCopy.Torch.Guards;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Script.Skeletons;

namespace ZeroCopy.Torch.Script.Running;

/// <summary>Loads a script's skeleton before anything is put, so that a script that could never be opened is refused at the put.</summary>
internal static partial class ScriptTrial
{
    private const int MostOperators = 100;
    private const string Own = "aten";

    /// <summary>
    /// Loads the skeleton as opening does, without weights. Branches that call operators of a newer PyTorch are made to raise an error.
    /// </summary>
    /// <exception cref="InvalidModelException">libtorch cannot load it; the message says why, and what to do.</exception>
    public static void Require(ScriptSkeleton skeleton)
    {
        TorchLibrary.Guard();
        for (var tries = 0; ; tries++)
        {
            try
            {
                ModuleDisposal.Release(
                    ScriptLoader.Load(skeleton.ForTrial(), [], _ => throw new InvalidOperationException(), skeleton.Path, torch.CPU));
                return;
            }
            catch (InvalidModelException error)
            {
                var missing = Missing().Match(error.Message);
                var (library, name) = (missing.Groups[1].Value, missing.Groups[2].Value);
                var versions =
                    $"libtorch {TorchLibrary.Version} here does not have it, and the script is of a newer PyTorch, or of one with "
                    + $"operators of its own (its archive has the format {skeleton.FormatVersion} and names no version)";
                if (library == Own && tries < MostOperators
                    && skeleton.TryDoWithout(name, $"The operator aten::{name} cannot be called: {versions}."))
                {
                    continue;
                }

                throw skeleton.HasLostConstants
                    ? Refused(
                        "weights of it are lost, as they are whenever a script is saved behind torch.jit.optimize_for_inference (PyTorch "
                        + "cannot load it either); in Python save it before that, frozen or not.")
                    : library == Own
                    ? Refused(
                        $"the script calls the operator aten::{name}: {versions}. In Python export it without that operator, or by a "
                        + "PyTorch that is not newer.")
                    : missing.Success
                    ? Refused(
                        $"the script calls the operator {library}::{name} of a library that is not part of libtorch; export it without "
                        + "that.")
                    : error;

                InvalidModelException Refused(string reason) => new($"{skeleton.Path}: {reason}", error);
            }
        }
    }

    [GeneratedRegex("""Unknown builtin op: (\w+)::(\w+)""", RegexOptions.CultureInvariant)]
    private static partial Regex Missing();
}
