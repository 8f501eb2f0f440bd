using TorchSharp;
using ZeroCopy.Torch.Script;

namespace ZeroCopy.Node.Predict;

/// <summary>Finds a method of whatever a model's recipe builds.</summary>
internal static class ModelCalls
{
    public const string DefaultMethod = "forward";

    /// <exception cref="ZeroCopy.Errors.MethodNotAllowedException">
    /// The model has no such method that takes tensors; the message lists those it has.
    /// </exception>
    public static IModelCall Find(object target, string model, string method) => target switch
    {
        ScriptProgram script => new ScriptCall(script, model, method),
        torch.nn.Module module => new ModuleCall(module, model, method),
        _ => throw new InputMismatchException($"{model} is a {target.GetType().Name}, which has no method to call with tensors."),
    };
}
