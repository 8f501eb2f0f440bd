using System.Text.Json;
using Akka.Event;
using ZeroCopy.Clustering.Protocol;

namespace ZeroCopy.Clustering.Nodes;

/// <summary>
/// The roll-outs of the names that a node's store has, one small file each beside its models, so that a version stays pinned when all nodes
/// were restarted. The newest decision wins, here as among nodes. Thread-safe.
/// </summary>
/// <param name="store">The store's directory.</param>
/// <param name="log">Told of files that cannot be used.</param>
internal sealed class RolloutFiles(string store, ILoggingAdapter log)
{
    private const string Extension = ".json";

    // Longer than anybody writes a few bytes.
    private static readonly TimeSpan WriteTime = TimeSpan.FromMinutes(1);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly string _folder = Path.Combine(store, "rollouts");
    private readonly Lock _lock = new();

    /// <summary>All of them, by name.</summary>
    public Dictionary<string, Rollout> Read()
    {
        var rollouts = new Dictionary<string, Rollout>(StringComparer.Ordinal);
        if (!Directory.Exists(_folder))
        {
            return rollouts;
        }

        try
        {
            foreach (var file in Directory.EnumerateFiles(_folder, "*" + Extension))
            {
                if (Read(file) is { } rollout)
                {
                    rollouts[Uri.UnescapeDataString(Path.GetFileNameWithoutExtension(file))] = rollout;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning("The roll-outs in {0} cannot be read, and this node starts without them: {1}", _folder, e.Message);
        }

        DeleteAbandoned();
        return rollouts;
    }

    /// <summary>Writes a decision, unless a newer one is there.</summary>
    public void Keep(string name, Rollout rollout)
    {
        var file = FileOf(name);
        lock (_lock)
        {
            try
            {
                Directory.CreateDirectory(_folder);
                if (File.Exists(file) && Read(file) is { } known && known.Epoch >= rollout.Epoch)
                {
                    return;
                }

                var temporary = $"{file}.{Guid.NewGuid():N}";
                File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(rollout, Json));
                File.Move(temporary, file, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Other nodes keep it too.
                log.Warning(
                    "The roll-out of {0} cannot be written to {1}, and this node forgets it when it ends: {2}", name, file, e.Message);
            }
        }
    }

    /// <summary>Removes the decision on a name that the store has no more.</summary>
    public void Forget(string name)
    {
        lock (_lock)
        {
            try
            {
                if (Directory.Exists(_folder))
                {
                    File.Delete(FileOf(name));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.Warning("The roll-out of {0}, which is gone, cannot be removed from {1}: {2}", name, _folder, e.Message);
            }
        }
    }

    /// <summary>Deletes what a process left that was killed while it wrote; one that lives needs a moment.</summary>
    private void DeleteAbandoned()
    {
        try
        {
            var before = TimeProvider.System.GetUtcNow().UtcDateTime - WriteTime;
            foreach (var left in Directory.EnumerateFiles(_folder, "*" + Extension + ".*")
                .Where(left => File.GetLastWriteTimeUtc(left) < before))
            {
                File.Delete(left);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning("What killed processes left in {0} cannot be deleted: {1}", _folder, e.Message);
        }
    }

    // No character of it means anything in a path then.
    private string FileOf(string name) => Path.Combine(_folder, Uri.EscapeDataString(name) + Extension);

    private Rollout? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Rollout>(File.ReadAllBytes(file), Json);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            log.Warning("{0} is no roll-out, and is not taken for one: {1}", file, e.Message);
            return null;
        }
    }
}
