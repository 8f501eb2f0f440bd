using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Content;
using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Binding;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Checkpoints;

/// <summary>Builds a model's module before anything is put, so that a model that could never be opened is refused at the put.</summary>
internal static class TrialBuild
{
    /// <summary>
    /// Builds the module, checks that every tensor has its place, and disposes it; no tensor is bound, and nothing is called.
    /// </summary>
    /// <param name="tensors">The model's tensors.</param>
    /// <param name="recipe">What builds it.</param>
    /// <param name="catalog">Knows the recipe's key.</param>
    /// <param name="source">What the tensors and the recipe are from, for the error.</param>
    /// <param name="remedy">What the error says to do.</param>
    /// <exception cref="InvalidModelException">The factory fails, or the tensors do not fit what it builds.</exception>
    public static void Require(
        IReadOnlyList<TensorSource> tensors, Recipe.Catalog recipe, ModelCatalog catalog, string source, string remedy)
    {
        // What is the same block, only hashing would tell; no block is asked for here.
        ImmutableArray<TensorEntry> entries =
            [.. tensors.Select(tensor => new TensorEntry(tensor.Name, tensor.Role, tensor.Layout, default, tensor.Aliases))];
        try
        {
            ModuleDisposal.Release(ModuleBuilder.Build(
                entries,
                new FileViews(tensors),
                build => catalog.Build(recipe.Key, recipe.Configuration, build),
                module => Binder.Check(module, entries)));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            var reason = exception.Message.Split('\n')[0].TrimEnd('.');
            throw new InvalidModelException($"{source} makes no model of type '{recipe.Key}': {reason}. {remedy}", exception);
        }
    }

    /// <summary>Copies of the tensors that a factory asks for.</summary>
    private sealed unsafe class FileViews(IReadOnlyList<TensorSource> tensors) : IViewSource
    {
        private const int PieceBytes = 1 << 20;

        public torch.Tensor View(TensorEntry entry)
        {
            var source = tensors.First(tensor => tensor.Name == entry.Name);
            var copy = torch.empty(entry.Layout.Shape.AsSpan(), entry.ScalarType()).DetachFromDisposeScope();
            for (var offset = 0L; offset < entry.Layout.ByteLength; offset += PieceBytes)
            {
                var length = (int)Math.Min(PieceBytes, entry.Layout.ByteLength - offset);
                source.Read(offset, new Span<byte>((byte*)TorchNative.Data(copy) + offset, length));
            }

            return copy;
        }

        public void Dispose()
        {
        }
    }
}
