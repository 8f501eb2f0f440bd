using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Manifests;
using ZeroCopy.Torch.Catalog;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Binding;

/// <summary>Runs factories.</summary>
internal static class ModuleBuilder
{
    /// <summary>Builds a module and binds it. A module that does not fit is disposed.</summary>
    /// <exception cref="ZeroCopy.Errors.BindingException">The tensors do not fit the module.</exception>
    public static torch.nn.Module Build(
        ImmutableArray<TensorEntry> entries, IViewSource views, Func<ModelBuild, torch.nn.Module> factory) =>
        Build(entries, views, factory, module => Binder.Bind(module, entries, views));

    /// <summary>Builds a module and finishes it. A module that cannot be finished is disposed.</summary>
    public static torch.nn.Module Build(
        ImmutableArray<TensorEntry> entries, IViewSource views, Func<ModelBuild, torch.nn.Module> factory, Action<torch.nn.Module> finish)
    {
        using var ordinary = OrdinaryTensors.Guard();
        var build = new ModelBuild(entries, views);
        try
        {
            var module = factory(build);
            try
            {
                finish(module);
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
