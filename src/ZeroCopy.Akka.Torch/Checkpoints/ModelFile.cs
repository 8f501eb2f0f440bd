using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Script.Archives;
using ZeroCopy.Torch.Script.Running;
using ZeroCopy.Torch.Script.Skeletons;

namespace ZeroCopy.Torch.Checkpoints;

/// <summary>Opens a model file or folder of any kind that can be put. What kind it is, its name says.</summary>
internal static class ModelFile
{
    /// <summary>Opens and checks a file or folder; weights are read later, piece by piece.</summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="InvalidModelException">Not a model, corrupt, or of a kind that cannot be put.</exception>
    public static Checkpoint Open(string path, ModelCatalog catalog, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
        {
            return ModelFolder.Open(path, catalog);
        }

        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: no such file or folder.", path);
        }

        // Pipes and devices have no length either, and opening a pipe would wait for its writer.
        if (new FileInfo(path).Length == 0)
        {
            throw new InvalidModelException($"{path}: the file is empty. Save or copy it again.");
        }

        var name = Path.GetFileName(path);
        return true switch
        {
            _ when Has(name, ".pt") || Has(name, ".pth") || Has(name, ".pt2") || Has(name, ".torchscript") =>
                Script(path, cancellationToken),
            _ when Has(name, ".safetensors") || Has(name, ".safetensors.index.json") => Safetensors(path),
            _ when Has(name, ".dat") => Dat(path, name),
            _ => throw new InvalidModelException(
                $"{path}: unknown kind of file; a model is a .pt (TorchScript), .safetensors, .safetensors.index.json or .dat file, "
                + "or a folder with config.json and weights."),
        };
    }

    private static bool Has(string name, string extension) => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private static Checkpoint Script(string path, CancellationToken cancellationToken) => Checkpoint.Open(files =>
    {
        var archive = ScriptArchive.Open(path);
        files.Add(archive);
        var skeleton = ScriptSkeleton.Create(archive, cancellationToken);
        ScriptTrial.Require(skeleton);
        return new ModelContent
        {
            Tensors = skeleton.Tensors,
            ScriptSkeleton = skeleton.Archive,
            SkeletonTensors = skeleton.SkeletonTensors,
            Metadata = skeleton.Metadata,
        };
    });

    private static Checkpoint Safetensors(string path) => Checkpoint.Open(files =>
    {
        var file = SafetensorsFile.Open(path);
        files.Add(file);
        return RequireTensors(file.ToContent(), path);
    });

    private static Checkpoint Dat(string path, string name) => Checkpoint.Open(files =>
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        files.Add(file);
        return RequireTensors(new ModelContent { Tensors = DatFile.Read(file, path), Recipe = new Recipe.Weights(name, "") }, path);
    });

    private static ModelContent RequireTensors(ModelContent weights, string path) => weights.Tensors.Count > 0
        ? weights
        : throw new InvalidModelException($"{path}: it holds no tensor, so there is nothing to put. Save the weights again.");
}
