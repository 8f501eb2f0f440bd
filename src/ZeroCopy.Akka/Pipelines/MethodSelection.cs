using System.Reflection;
using TorchSharp;
using ZeroCopy.Calling;
using ZeroCopy.Errors;

namespace ZeroCopy.Pipelines;

/// <summary>Checks the methods that a caller wants to run as tasks.</summary>
internal static class MethodSelection
{
    /// <summary>
    /// Each method must be public on the pipeline, where it runs as it is, or on one of the wrapped modules; on the others it stays
    /// forbidden.
    /// </summary>
    /// <exception cref="MethodNotAllowedException">A method is private or unknown; the message names it.</exception>
    public static void Check(IEnumerable<string> methods, Type root, IEnumerable<Type> moduleTypes)
    {
        var types = moduleTypes.Append(root).Distinct().ToList();
        foreach (var method in methods)
        {
            // A script's methods are not .NET methods: the script itself refuses unknown ones when they are called.
            if (method is MethodCall.Forward or "call" or "__call__"
                || types.Any(type => typeof(torch.jit.ScriptModule).IsAssignableFrom(type)))
            {
                continue;
            }

            if (types.Any(type => type.GetMember(method, MemberTypes.Method, BindingFlags.Instance | BindingFlags.Public).Length > 0))
            {
                continue;
            }

            var isPrivate = types.Any(
                type => type.GetMember(method, MemberTypes.Method, BindingFlags.Instance | BindingFlags.NonPublic).Length > 0);
            throw new MethodNotAllowedException(
                $"Method '{method}' is {(isPrivate ? "private" : "unknown")} on {string.Join(", ", types)}; only public methods can run as "
                + "tasks.",
                method);
        }
    }
}
