using System.Diagnostics;

namespace ZeroCopy.Node.Tests.Faults;

/// <summary>
/// Hosts on this machine: network namespaces, joined by a bridge that is in a namespace of its own, so that the machine's own network has
/// nothing of it and every test process may use the same addresses. Needs Linux, root and iproute2.
/// </summary>
internal sealed class TestNetwork : IDisposable
{
    private const string Prefix = "zerocopy-test-";
    private const string Subnet = "10.77.0.";

    private static readonly Lazy<string?> Lack = new(FindLack);
    private static int _networks;

    private readonly string _name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _networks)}";
    private readonly List<TestHost> _hosts = [];

    public TestNetwork()
    {
        Ip("netns", "add", _name);
        try
        {
            Ip("-n", _name, "link", "add", "bridge", "type", "bridge");
            Ip("-n", _name, "address", "add", $"{Subnet}254/24", "dev", "bridge");
            Ip("-n", _name, "link", "set", "bridge", "up");
            Outside = new TestHost(_name, _name, null, $"{Subnet}254", null);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there can be no such network here; null where there can.</summary>
    public static string? Problem => Lack.Value;

    /// <summary>Where clients are that are on no host of the cluster: the bridge itself.</summary>
    public TestHost Outside { get; }

    /// <summary>Adds a host, whose address is 10.77.0.N of the N-th.</summary>
    /// <param name="slow">Delays and loses what it sends and receives; null for a plain cable.</param>
    public TestHost AddHost(SlowLink? slow = null)
    {
        var (number, name) = (_hosts.Count + 1, $"{_name}-{_hosts.Count + 1}");
        var (port, address) = ($"host{number}", $"{Subnet}{number}");
        Ip("netns", "add", name);
        var host = new TestHost(_name, name, port, address, slow);
        _hosts.Add(host);
        if (slow is null)
        {
            Ip("-n", _name, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
        }
        else
        {
            slow.Join(_name, port, name, "eth0");
        }

        Ip("-n", _name, "link", "set", port, "master", "bridge", "up");
        Ip("-n", name, "address", "add", $"{address}/24", "dev", "eth0");
        Ip("-n", name, "link", "set", "eth0", "up");
        Ip("-n", name, "link", "set", "lo", "up");
        return host;
    }

    public void Dispose()
    {
        foreach (var host in _hosts)
        {
            host.Dispose();
        }

        // Its devices go with a namespace, and the other ends of its cables.
        Remove(_name);
    }

    internal static void Ip(params string[] arguments)
    {
        var (code, error) = Run("ip", arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error}");
        }
    }

    /// <summary>Ends what still runs in a namespace, and the namespace.</summary>
    internal static void Remove(string name)
    {
        foreach (var process in Lines("ip", "netns", "pids", name))
        {
            Run("kill", "-KILL", process);
        }

        Run("ip", "netns", "delete", name);
    }

    private static string? FindLack()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return "Network namespaces need Linux and root.";
        }

        try
        {
            RemoveThoseOfDeadProcesses();
            using var network = new TestNetwork();
            network.AddHost();
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"Network namespaces do not work here: {e.Message}";
        }
    }

    /// <summary>A test process that was killed left its own.</summary>
    private static void RemoveThoseOfDeadProcesses()
    {
        var names = Lines("ip", "netns", "list").Select(line => line.Split(' ')[0]);
        foreach (var name in names.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (!Directory.Exists($"/proc/{name[Prefix.Length..].Split('-')[0]}"))
            {
                Remove(name);
            }
        }
    }

    private static string[] Lines(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static (int Code, string Error) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
