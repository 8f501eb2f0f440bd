using System.Collections.Immutable;
using Akka.Configuration;

namespace ZeroCopy.Node.Service;

/// <summary>The HOCON that the command line and the node itself bring.</summary>
internal static class NodeHocon
{
    /// <summary>What the options say, over a file's settings.</summary>
    public static Config Over(Config file, NodeRequest request, ImmutableArray<string>.Builder problems)
    {
        var cluster = new Dictionary<string, object>();
        var serving = new Dictionary<string, object>();
        var store = new Dictionary<string, object>();
        Set(cluster, "host", request.Host);
        Set(cluster, "port", request.Port);
        Set(cluster, "seeds", request.Seeds.IsEmpty ? null : request.Seeds);
        Set(serving, "port", request.HttpPort);
        Set(serving, "grpc-port", request.GrpcPort);
        Set(store, "directory", request.StoreDirectory);
        var zerocopy = new Dictionary<string, object> { ["cluster"] = cluster, ["serving"] = serving, ["object-store"] = store };
        if (Pools(file, request, problems) is { Count: > 0 } pools)
        {
            zerocopy["inference"] = new { pools };
        }

        // The signals are the command line's.
        var akka = ConfigurationFactory.ParseString("akka.coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }");
        return ConfigurationFactory.FromObject(new { zerocopy }).WithFallback(file).WithFallback(akka)
            .WithFallback(KubernetesDiscovery.Reference);
    }

    /// <summary>A model to serve is a pool of its name, where the file has none for it.</summary>
    private static Dictionary<string, object> Pools(Config file, NodeRequest request, ImmutableArray<string>.Builder problems)
    {
        var section = file.HasPath("zerocopy.inference.pools") ? file.GetValue("zerocopy.inference.pools") : null;
        var declared = section is not null && section.IsObject() ? section.GetObject().Items : [];
        var pools = new Dictionary<string, object>();
        foreach (var model in request.Serve.Distinct())
        {
            if (declared.TryGetValue(model.Name, out var pool) && pool.IsObject()
                && pool.GetObject().Items.TryGetValue("model", out var other))
            {
                if (other.ToString().Trim('"') != model.ToString())
                {
                    problems.Add($"--serve {model}: zerocopy.inference.pools.{model.Name} has the model {other} already");
                }
            }
            else if (!pools.TryAdd(model.Name, new { model = model.ToString() }))
            {
                problems.Add(
                    $"--serve has two versions of {model.Name}: a node serves one of them by that name, so declare pools for the others");
            }
        }

        return pools;
    }

    private static void Set(Dictionary<string, object> section, string key, object? value)
    {
        if (value is not null)
        {
            section[key] = value;
        }
    }
}
