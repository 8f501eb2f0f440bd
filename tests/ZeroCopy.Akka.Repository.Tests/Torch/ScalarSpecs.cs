using Mono.Cecil;
using Mono.Cecil.Cil;
using Assembly = System.Reflection.Assembly;

namespace ZeroCopy.Repository.Tests.Torch;

/// <summary>
/// TorchSharp makes a Scalar of a number, hands its native half to libtorch, and holds it no longer: the collector may free it while
/// libtorch reads it. Read in the compiled code, where the conversions that C# does not show are calls.
/// </summary>
public sealed class ScalarSpecs
{
    private const string Scalar = "TorchSharp.Scalar";

    public static TheoryData<string> Assemblies => new("ZeroCopy.Akka.Torch", "ZeroCopy.Akka", "ZeroCopy.Akka.Bench", "zerocopy");

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Methods_that_make_or_read_a_scalar_should_hold_it_meanwhile(string name)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Assembly.Load(name).Location);

        var offending = assembly.MainModule.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody)
            .Where(method => Calls(method).Any(UsesScalar) && !Holds(method))
            .Select(
                method => $"{method.FullName}: {string.Join(", ", Calls(method).Where(UsesScalar).Select(call => call.Name).Distinct())}");

        Assert.False(offending.Any(), string.Join(Environment.NewLine, offending));
    }

    /// <summary>The factor 1 of the second tensor, which no caller can hold.</summary>
    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Methods_should_add_by_no_overload_that_makes_a_scalar_itself(string name)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Assembly.Load(name).Location);

        var offending = assembly.MainModule.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody)
            .Where(method => Calls(method).Any(AddsByItself)).Select(method => method.FullName);

        Assert.False(offending.Any(), string.Join(Environment.NewLine, offending));
    }

    private static bool AddsByItself(MethodReference call) => call.DeclaringType.Name is "Tensor" or "torch"
        && (call.Name == "op_Addition" || (call.Name is "add" or "add_" && call.Parameters.Count == (call.HasThis ? 1 : 2)));

    private static IEnumerable<MethodReference> Calls(MethodDefinition method) =>
        method.Body.Instructions.Where(
            instruction => instruction.OpCode.FlowControl == FlowControl.Call || instruction.OpCode == OpCodes.Newobj)
            .Select(instruction => instruction.Operand).OfType<MethodReference>();

    // What makes one, what reads one, and what does both for a tensor. Its type alone reads nothing that goes.
    private static bool UsesScalar(MethodReference call) =>
        (call.DeclaringType.FullName == Scalar && call.Name != "get_Type")
        || call.ReturnType.FullName == Scalar
        || (call.DeclaringType.Name == "Tensor"
            && call.Name.StartsWith("op_", StringComparison.Ordinal)
            && call.Parameters.Any(part => part.ParameterType.IsPrimitive))
        || (call.DeclaringType.Name is "TensorExtensionMethods" or "ScalarExtensionMethods"
            && call.Name.StartsWith("To", StringComparison.Ordinal));

    // A number that is kept for good is made where its class is; another one is kept alive behind its use.
    private static bool Holds(MethodDefinition method) =>
        (method.IsConstructor && method.IsStatic)
            || Calls(method).Any(call => call.DeclaringType.FullName == "System.GC" && call.Name == nameof(GC.KeepAlive));
}
