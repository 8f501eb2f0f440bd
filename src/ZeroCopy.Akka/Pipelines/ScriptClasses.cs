using TorchSharp;
using ZeroCopy.Shims;

namespace ZeroCopy.Pipelines;

/// <summary>TorchSharp's classes for scripts, for which nothing can stand in: their methods are not virtual.</summary>
internal static class ScriptClasses
{
    /// <summary>
    /// The class that a script must have where it is held: one of its places is declared with such a class, or it is known as one that has
    /// no signature by which a stand-in could be called. Null where a stand-in will do.
    /// </summary>
    /// <param name="type">The type of the module that was wrapped, or that the receiver knows it by.</param>
    /// <param name="places">What the places that hold it are declared as.</param>
    public static Type? Needed(Type type, IReadOnlyCollection<(string Path, Type Type)> places)
    {
        var needed = places.Select(place => place.Type).Where(IsOne)
            .Aggregate((Type?)null, (most, next) => most is null || most.IsAssignableFrom(next) ? next : most);
        return needed is null ? (HasSignature(type, places) ? null : IsOne(type) ? type : typeof(torch.jit.ScriptModule))
            : needed.IsAssignableFrom(type) ? type
            : needed;
    }

    private static bool IsOne(Type type) => typeof(torch.jit.ScriptModule).IsAssignableFrom(type);

    private static bool HasSignature(Type type, IEnumerable<(string Path, Type Type)> places) =>
        places.Select(place => place.Type).Append(type).Any(candidate => ShimFactory.SignatureOf(candidate) is not null);
}
