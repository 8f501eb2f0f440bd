using System.CommandLine;
using ZeroCopy.Actors.Settings;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Node.Tests.Containers;

/// <summary>A node as a container runs it: its arguments, and its file of settings.</summary>
internal sealed class ContainerNode
{
    /// <summary>Where the image, and what is mounted over it, has the file.</summary>
    public const string ConfigFile = "/etc/zerocopy/node.conf";

    private readonly ParseResult _command;

    /// <param name="arguments">Those of the image.</param>
    /// <param name="hocon">The file's text.</param>
    public ContainerNode(IEnumerable<string> arguments, string hocon)
    {
        _command = Program.Commands().Parse([.. arguments]);
        Assert.Empty(_command.Errors);
        Assert.Equal("node", _command.CommandResult.Command.Name);
        Assert.Equal(ConfigFile, _command.GetValue<string?>("--config"));
        Settings = ZeroCopySettings.From(hocon);
    }

    /// <summary>What the file says; reading it refuses keys that do not exist.</summary>
    public ZeroCopySettings Settings { get; }

    public string? Host => _command.GetValue<string?>("--host");

    public IReadOnlyList<string> Seeds => _command.GetValue<string[]>("--seed") ?? [];

    /// <summary>The longest that a node takes from SIGTERM to its end.</summary>
    public TimeSpan LongestEnd =>
        Settings.Serving.DrainDelay + (Settings.Inference.DrainTimeout * 2) + Settings.Cluster.LeaveTimeout + TimeSpan.FromSeconds(10);

    /// <summary>Text of a file in the folder <c>docker</c>.</summary>
    public static string Text(string file) => File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docker", file));
}
