using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server.Model;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Rpc;

/// <summary>
/// The methods of the service for the routes. They are bound here and not by the generated base, whose own binding reads messages without
/// a look at them first.
/// </summary>
internal static class InferenceMethods
{
    /// <summary>What reflection tells of the service: it looks for it at the class around the service's base.</summary>
    public static ServiceDescriptor Descriptor => GRPCInferenceService.Descriptor;

    /// <summary>What reflection takes for the service's base.</summary>
    internal abstract class Base;

    /// <summary>What is mapped.</summary>
    internal sealed class Provider(InferenceService service, ServingOptions options) : Base, IServiceMethodProvider<Provider>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Provider> context) =>
            GRPCInferenceService.BindService(new CheckedBinder(context, options), service);
    }
}
