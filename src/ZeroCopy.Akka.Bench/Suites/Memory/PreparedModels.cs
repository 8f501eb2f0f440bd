using ZeroCopy.Bench.Measuring;
using ZeroCopy.Bench.Workers;

namespace ZeroCopy.Bench.Suites.Memory;

/// <summary>BERT-base in files and in a store, made by another process, so that nothing of it stays in this one.</summary>
/// <param name="Folder">Where the files lie.</param>
/// <param name="Store">The store's directory.</param>
/// <param name="Bert">The model's id.</param>
/// <param name="Script">The id of the same model as TorchScript.</param>
/// <param name="Bytes">Bytes of its weights.</param>
internal sealed record PreparedModels(string Folder, string Store, string Bert, string Script, long Bytes)
{
    public const string BertFile = "bert.dat";
    public const string BertSafetensorsFile = "bert.safetensors";
    public const string BertScriptFile = "bert.pt";

    public string DatFile => Path.Combine(Folder, BertFile);

    public string ScriptFile => Path.Combine(Folder, BertScriptFile);

    public string SafetensorsFile => Path.Combine(Folder, BertSafetensorsFile);

    public IEnumerable<string> Files => [SafetensorsFile, DatFile, ScriptFile];

    public static async Task<PreparedModels> MakeAsync(
        ScratchDirectory directory, IProgress<string> progress, CancellationToken cancellationToken)
    {
        progress.Report("BERT-base with random weights, into files and into a store");
        var (folder, store) = (directory.Path(""), directory.Path("store"));
        var group = await WorkerGroup.StartAsync(1, cancellationToken, WorkerVerbs.Open.With(store)).ConfigureAwait(false);
        await using (group.ConfigureAwait(false))
        {
            var words = (await group.First.AskAsync(MemoryVerbs.Prepare.With(folder), cancellationToken).ConfigureAwait(false)).Split(' ');
            return new PreparedModels(
                folder, store, words[0], words[1], long.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
