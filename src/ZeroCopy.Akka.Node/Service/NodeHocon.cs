using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Configuration.Hocon;

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
        var options = ConfigurationFactory.FromObject(new { zerocopy });
        DropValuesUnder(options.Root.GetObject(), file);
        return options.WithFallback(file).WithFallback(akka).WithFallback(KubernetesDiscovery.Reference);
    }

    /// <summary>Takes values out of a file that stand where the options have a section: Akka can read neither then.</summary>
    private static void DropValuesUnder(HoconObject options, Config file)
    {
        if (!file.IsEmpty)
        {
            Drop(options, file.Root.GetObject());
        }

        static void Drop(HoconObject options, HoconObject file)
        {
            foreach (var (key, section) in options.Items.Where(item => item.Value.IsObject()))
            {
                if (!file.Items.TryGetValue(key, out var given))
                {
                    continue;
                }

                if (given.IsObject())
                {
                    Drop(section.GetObject(), given.GetObject());
                }
                else
                {
                    file.Items.Remove(key);
                }
            }
        }
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
