using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Torch.Script;
using ZeroCopy.Torch.Script.Sources;
using ZeroCopy.Torch.Script.Syntax;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>Calls the methods of a TorchScript program, which its archive declares. Thread-safe.</summary>
internal sealed class ScriptBinder(string model, ScriptFacts facts, torch.Device? device) : CallBinder(model, Methods(facts), device)
{
    /// <inheritdoc/>
    protected override object? Invoke(object target, string method, object?[] arguments) =>
        ((ScriptProgram)target).InvokeOwned(method, arguments);

    // Null is what an optional argument without a default is left out by.
    /// <inheritdoc/>
    protected override object? LeftOut(CallMethod method, int index) =>
        facts.Methods[method.Signature.Name][index].IsOptional ? Type.Missing : null;

    /// <inheritdoc/>
    protected override string? ReasonAgainst(string method) =>
        facts.Refused.TryGetValue(method, out var result) ? ScriptProgram.ReasonAgainst(result) : null;

    private static bool IsOptional(ScriptParameter parameter) =>
        parameter.IsOptional || ScriptType.Parse(parameter.Type).Name is "Optional" or "NoneType";

    private static IEnumerable<MethodSignature> Methods(ScriptFacts facts)
    {
        foreach (var (name, parameters) in facts.Methods.Where(method => !facts.Refused.ContainsKey(method.Key)))
        {
            var result = facts.Results.GetValueOrDefault(name);
            var inputs = parameters
                .Select(parameter => new ValueSignature(parameter.Name, parameter.Type, IsOptional: IsOptional(parameter))).ToList();
            // Joined, a call would change the state once that single ones change in turn.
            var isBatchable = !facts.Stateful && !facts.MixingRows.ContainsKey(name) && OutputSignatures.AreJoined(inputs, result);
            yield return new MethodSignature(name, [.. inputs], OutputSignatures.Of(result), isBatchable);
        }
    }
}
