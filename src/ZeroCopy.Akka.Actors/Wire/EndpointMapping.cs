using ZeroCopy.Actors.Protocol;
using ZeroCopy.Endpoints;
using ZeroCopy.Tensors;

namespace ZeroCopy.Actors.Wire;

/// <summary>As <see cref="WireMapping"/>, for endpoints and their signatures.</summary>
internal static class EndpointMapping
{
    /// <summary>A version: 0 for the current one. A negative one is none, which 0 becomes.</summary>
    public static int ToWire(int? version) => version switch
    {
        null => 0,
        0 => -1,
        { } given => given,
    };

    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static int? Version(int wire)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(wire);
        return WantedVersion(wire);
    }

    /// <summary>As <see cref="Version"/>, of a request: whoever is asked for a version that is none says so.</summary>
    public static int? WantedVersion(int wire) => wire == 0 ? null : wire;

    public static Generated.Endpoint ToWire(EndpointInfo endpoint) => new()
    {
        Name = endpoint.Name,
        Version = ToWire(endpoint.Version),
        State = (int)endpoint.State,
        LastError = WireMapping.Reason(endpoint.LastError),
    };

    public static EndpointInfo Endpoint(Generated.Endpoint? wire) => wire is null
        ? throw new FormatException("There is no endpoint.")
        : new EndpointInfo(
            wire.Name,
            Version(wire.Version),
            WireMapping.Known<EndpointState>(wire.State),
            wire.LastError.Length == 0 ? null : wire.LastError);

    public static IEnumerable<Generated.Method> ToWire(ModelSignature signature) => signature.Methods.Select(method => new Generated.Method
    {
        Name = method.Name,
        Inputs = { method.Inputs.Select(ToWire) },
        Outputs = { method.Outputs.Select(ToWire) },
        IsBatchable = method.IsBatchable,
    });

    public static ModelSignature Signature(Generated.EndpointDescription wire) => new(
        [
            .. wire.Methods.Select(method => new MethodSignature(
                method.Name, [.. method.Inputs.Select(Value)], [.. method.Outputs.Select(Value)], method.IsBatchable)),
        ],
        wire.DefaultMethod);

    private static Generated.Value ToWire(ValueSignature value)
    {
        var wire = new Generated.Value
        {
            Name = value.Name,
            Type = value.Type,
            Shape = { value.Shape.IsDefault ? [] : value.Shape },
            HasShape = !value.Shape.IsDefault,
            IsOptional = value.IsOptional,
        };
        if (value.DType is { } dtype)
        {
            wire.Dtype = (int)dtype;
        }

        return wire;
    }

    private static ValueSignature Value(Generated.Value wire) => new(
        wire.Name,
        wire.Type,
        wire.HasDtype ? WireMapping.Known<DType>(wire.Dtype) : null,
        wire.HasShape ? [.. wire.Shape] : default,
        wire.IsOptional);
}
