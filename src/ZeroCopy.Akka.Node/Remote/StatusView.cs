using System.Globalization;
using Spectre.Console;
using ZeroCopy.Clustering.Protocol;
using ZeroCopy.Node.Cli;

namespace ZeroCopy.Node.Remote;

/// <summary>Members and models of a cluster, as commands print them.</summary>
internal static class StatusView
{
    public static void PrintMembers(CommandContext context, NodeReply.ClusterStatus status)
    {
        var members = new Table().AddColumns("member", "status", "roles", "http");
        foreach (var member in status.Members)
        {
            members.AddRow(
                member.Address.ToString(), member.Status, string.Join(", ", member.Roles), member.Node?.Info.Http?.ToString() ?? "-");
        }

        context.Print(members);
    }

    public static void PrintModels(CommandContext context, NodeReply.ClusterStatus status)
    {
        var models = new Table().AddColumns("model", "current", "size", "held by", "loaded by", "id", "problem");
        foreach (var model in status.Models)
        {
            models.AddRow(
                RemoteModels.Text(model),
                (model.IsCurrent ? "yes" : "no") + (model.Percent is > 0 and < 100 ? $", {model.Percent} % of calls" : ""),
                ByteSize.Text(model.Bytes),
                model.Holders.Length.ToString(CultureInfo.InvariantCulture),
                model.Replicas.Length.ToString(CultureInfo.InvariantCulture),
                model.Model?.ToString()[..12] ?? "-",
                Markup.Escape(PlainText.Of(model.Problem ?? "")));
        }

        context.Print(models);
    }

    /// <summary>A model as it is serialised.</summary>
    public static object Json(ModelStatus model) => new
    {
        model.Name,
        model.Version,
        Id = model.Model?.ToString(),
        Current = model.IsCurrent,
        model.Percent,
        model.Bytes,
        Holders = model.Holders.Select(holder => holder.ToString()),
        Replicas = model.Replicas.Select(replica => replica.ToString()),
        model.Problem,
    };

    /// <summary>A member as it is serialised.</summary>
    public static object Json(MemberInfo member) => new
    {
        Address = member.Address.ToString(),
        member.Status,
        member.Roles,
        Http = member.Node?.Info.Http?.ToString().TrimEnd('/'),
        Grpc = member.Node?.Info.Grpc?.ToString().TrimEnd('/'),
    };
}
