using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Binding;

/// <summary>Runs factories.</summary>
internal static class ModuleBuilder
{
    /// <summary>Builds a module and binds it. A module that does not fit is disposed.</summary>
    /// <exception cref="ZeroCopy.Errors.BindingException">The tensors do not fit the module.</exception>
    public static torch.nn.Module Build(ImmutableArray<TensorEntry> entries, IViewSource views, Func<ModelBuild, torch.nn.Module> factory)
    {
        var build = new ModelBuild(entries, views);
        try
        {
            var module = factory(build);
            try
            {
                Binder.Bind(module, entries, views);
                return module;
            }
            catch
            {
                ModuleDisposal.Release(module);
                throw;
            }
        }
        finally
        {
            build.Release();
        }
    }
}
