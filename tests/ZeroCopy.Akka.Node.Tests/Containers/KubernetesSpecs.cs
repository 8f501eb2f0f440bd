using k8s;
using k8s.Models;

namespace ZeroCopy.Node.Tests.Containers;

/// <summary>The manifests for Kubernetes, read as its own client reads them: what the schema does not have is refused.</summary>
public sealed class KubernetesSpecs
{
    private const string Namespace = "models";

    private static readonly List<object> Objects = KubernetesYaml.LoadAllFromString(ContainerNode.Text("kubernetes.yaml"), strict: true);
    private static readonly V1StatefulSet Set = One<V1StatefulSet>();
    private static readonly V1Container Container = Assert.Single(Set.Spec.Template.Spec.Containers);

    [Fact]
    public void Kubernetes_should_get_what_a_cluster_needs_and_nothing_else() => Assert.Equal(
        ["ConfigMap", "PodDisruptionBudget", "Service", "Service", "StatefulSet"],
        Objects.Cast<IKubernetesObject>().Select(made => made.Kind).Order(StringComparer.Ordinal));

    [Fact]
    public void Kubernetes_should_refuse_a_field_that_it_does_not_have()
    {
        var text = ContainerNode.Text("kubernetes.yaml").Replace("minReadySeconds", "minReadySecond", StringComparison.Ordinal);

        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(text, strict: true));
    }

    [Fact]
    public void Kubernetes_should_find_the_pods_by_their_labels()
    {
        var labels = Set.Spec.Template.Metadata.Labels;

        Assert.Equal(labels, Set.Spec.Selector.MatchLabels);
        Assert.Equal(labels, One<V1PodDisruptionBudget>().Spec.Selector.MatchLabels);
        Assert.All(Set.Spec.Template.Spec.TopologySpreadConstraints, spread => Assert.Equal(labels, spread.LabelSelector.MatchLabels));
        Assert.All(Objects.OfType<V1Service>(), service => Assert.Equal(labels, service.Spec.Selector));
    }

    [Fact]
    public void Kubernetes_should_name_pods_before_they_are_ready_for_each_other()
    {
        var service = Objects.OfType<V1Service>().Single(service => service.Metadata.Name == Set.Spec.ServiceName);

        Assert.Equal(("None", true), (service.Spec.ClusterIP, service.Spec.PublishNotReadyAddresses));
    }

    [Fact]
    public void Kubernetes_should_start_nodes_by_the_names_of_the_pods()
    {
        var cluster = Node(1).Settings.Cluster;

        Assert.Equal(Host(1), Node(1).Host);
        Assert.Equal("0.0.0.0", cluster.BindHost);
        Assert.Equal(Enumerable.Range(0, Set.Spec.Replicas!.Value).Select(pod => $"{Host(pod)}:{cluster.Port}"), Node(1).Seeds);
    }

    [Fact]
    public void Kubernetes_should_know_the_ports_that_the_settings_have()
    {
        var settings = Node(0).Settings;
        var ports = Container.Ports.ToDictionary(port => port.Name, port => (int?)port.ContainerPort);
        var used = Objects.OfType<V1Service>().SelectMany(service => service.Spec.Ports).Select(port => port.TargetPort.Value)
            .Concat(Probes().Select(probe => probe.HttpGet.Port.Value));

        Assert.Equal(settings.Serving.Port, ports["http"]);
        Assert.Equal(settings.Serving.GrpcPort, ports["grpc"]);
        Assert.Equal(settings.Cluster.Port, ports["cluster"]);
        Assert.Equal(settings.Cluster.Transfer.Port, ports["transfer"]);
        Assert.Equal(ports.Keys.Order(StringComparer.Ordinal), used.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Kubernetes_should_ask_for_life_and_readiness() => Assert.Equal(
        ["/health/live", "/health/ready", "/health/live"], Probes().Select(probe => probe.HttpGet.Path));

    [Fact]
    public void Kubernetes_should_wait_for_a_node_that_ends()
    {
        var grace = TimeSpan.FromSeconds(Set.Spec.Template.Spec.TerminationGracePeriodSeconds!.Value);

        Assert.True(grace >= Node(0).LongestEnd, $"{grace} is less than {Node(0).LongestEnd}");
    }

    [Fact]
    public void Kubernetes_should_give_a_node_memory_for_the_store_and_for_itself()
    {
        var store = Set.Spec.Template.Spec.Volumes.Single(volume => volume.Name == "store").EmptyDir;
        var limit = Container.Resources.Limits["memory"];

        Assert.Equal("Memory", store.Medium);
        Assert.Equal(limit.ToDecimal(), Container.Resources.Requests["memory"].ToDecimal());
        Assert.True(limit.ToDecimal() >= store.SizeLimit.ToDecimal() + (1 << 30), $"{limit} for a store of {store.SizeLimit}");
    }

    [Fact]
    public void Kubernetes_should_mount_what_it_has_and_let_nothing_else_be_written()
    {
        var mounts = Container.VolumeMounts.ToDictionary(mount => mount.Name, mount => mount.MountPath);
        var store = Container.Env.Single(variable => variable.Name == "ZEROCOPY_STORE").Value;

        Assert.Equal(
            Set.Spec.Template.Spec.Volumes.Select(volume => volume.Name).Order(StringComparer.Ordinal),
            mounts.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Path.GetDirectoryName(ContainerNode.ConfigFile), mounts["settings"]);
        Assert.Equal(mounts["store"], Path.GetDirectoryName(store));
        Assert.Equal((true, true), (Set.Spec.Template.Spec.SecurityContext.RunAsNonRoot, Container.SecurityContext.ReadOnlyRootFilesystem));
    }

    private static IEnumerable<V1Probe> Probes() => [Container.StartupProbe, Container.ReadinessProbe, Container.LivenessProbe];

    private static string Host(int pod) => $"{Set.Metadata.Name}-{pod}.{Set.Spec.ServiceName}.{Namespace}.svc.cluster.local";

    /// <summary>A node as a pod runs it, with the variables that Kubernetes puts into its arguments.</summary>
    private static ContainerNode Node(int pod) => new(
        Container.Args.Select(argument => argument
            .Replace("$(POD_NAME)", $"{Set.Metadata.Name}-{pod}", StringComparison.Ordinal)
            .Replace("$(POD_NAMESPACE)", Namespace, StringComparison.Ordinal)),
        One<V1ConfigMap>().Data[Path.GetFileName(ContainerNode.ConfigFile)]);

    private static T One<T>() => Assert.Single(Objects.OfType<T>());
}
