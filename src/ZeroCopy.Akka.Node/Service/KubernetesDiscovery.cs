using System.Globalization;
using System.Net;
using Akka.Actor;
using Akka.Configuration;
using Akka.Discovery;
using Akka.Util;
using k8s;
using k8s.Models;

namespace ZeroCopy.Node.Service;

/// <summary>
/// Nodes are the pods with a label, as the API of the Kubernetes that this process runs in lists them. The pod's service account needs the
/// right to list pods of its namespace.
/// </summary>
internal sealed class KubernetesDiscovery : ServiceDiscovery
{
    private readonly string _selector;
    private readonly string _namespace;
    private readonly Func<KubernetesClientConfiguration> _access;

    /// <summary>Made by Akka.Discovery.</summary>
    /// <param name="system">Unused.</param>
    /// <param name="config">The section <c>akka.discovery.kubernetes-api</c>.</param>
    public KubernetesDiscovery(ExtendedActorSystem system, Config config)
        : this(config, KubernetesClientConfiguration.InClusterConfig)
    {
    }

    /// <param name="config">The section <c>akka.discovery.kubernetes-api</c>.</param>
    /// <param name="access">Says where the API is and by which token it answers; asked at each look, as tokens expire.</param>
    internal KubernetesDiscovery(Config config, Func<KubernetesClientConfiguration> access)
    {
        _selector = config.GetString("pod-label-selector");
        _namespace = config.GetString("pod-namespace");
        _access = access;
    }

    /// <summary>What goes under the settings of a node, so that naming the method is enough.</summary>
    public static Config Reference { get; } = ConfigurationFactory.ParseString($$"""
        akka.discovery.kubernetes-api {
          class = "{{typeof(KubernetesDiscovery).TypeQualifiedName()}}"
          # Labels of the pods; {0} is zerocopy.cluster.discovery.service.
          pod-label-selector = "app={0}"
          # Empty: the pod's own.
          pod-namespace = ""
        }
        """);

    /// <exception cref="TimeoutException">The API has not answered within that time.</exception>
    public override async Task<Resolved> Lookup(Lookup lookup, TimeSpan resolveTimeout)
    {
        var pods = await PodsAsync(_access(), lookup.ServiceName, resolveTimeout).ConfigureAwait(false);
        // A pod that ends is no longer somebody to join, and one that was just made has no address.
        return new Resolved(
            lookup.ServiceName,
            [
                .. from pod in pods.Items
                   where pod.Metadata.DeletionTimestamp is null && pod.Status is { PodIP.Length: > 0, Phase: not ("Succeeded" or "Failed") }
                   select new ResolvedTarget(pod.Status.PodIP, address: IPAddress.Parse(pod.Status.PodIP)),
            ]);
    }

    private async Task<V1PodList> PodsAsync(KubernetesClientConfiguration access, string service, TimeSpan patience)
    {
        using var client = new Kubernetes(access);
        using var late = new CancellationTokenSource(patience);
        try
        {
            return await client.CoreV1.ListNamespacedPodAsync(
                _namespace.Length == 0 ? access.Namespace : _namespace,
                labelSelector: string.Format(CultureInfo.InvariantCulture, _selector, service),
                cancellationToken: late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (late.IsCancellationRequested)
        {
            throw new TimeoutException($"{access.Host} has not answered within {patience.TotalSeconds:0.#} s.", error);
        }
    }
}
