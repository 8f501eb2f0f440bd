using ZeroCopy.Pipelines;

namespace ZeroCopy.Product.Tests.Pipelines;

public sealed class TemplateRegistrySpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TemplateRegistry _registry = new(typeof(ZeroCopyHost));

    public void Dispose() => _registry.Dispose();

    [Fact]
    public void TemplateRegistry_should_build_a_template_whose_factory_loads_another_on_another_thread()
    {
        var inner = Template();
        PipelineTemplate? found = null;

        var outer = Get(Guid.NewGuid(), () =>
        {
            found = OnAnotherThread(() => Get(Guid.NewGuid(), () => inner));
            return Template();
        });

        Assert.Same(inner, found);
        Assert.NotSame(inner, outer);
        Assert.Equal(2, _registry.Count);
    }

    [Fact]
    public void TemplateRegistry_should_build_once_for_all_that_ask()
    {
        var (id, built) = (Guid.NewGuid(), 0);

        var templates = new PipelineTemplate[8];
        Parallel.For(0, templates.Length, i => templates[i] = Get(id, () =>
        {
            Interlocked.Increment(ref built);
            return Template();
        }));

        Assert.Equal(1, built);
        Assert.Single(templates.Distinct());
    }

    [Fact]
    public void TemplateRegistry_should_end_a_template_that_was_forgotten_while_it_was_built()
    {
        var id = Guid.NewGuid();

        var late = Get(id, () =>
        {
            _registry.Remove(id);
            return Template();
        });

        Assert.Throws<ObjectDisposedException>(() => late.Load(_ => throw new NotSupportedException()));
        Assert.Equal(0, _registry.Count);
        Assert.NotSame(late, Get(id, Template));
    }

    [Fact]
    public void TemplateRegistry_should_build_again_after_a_failure()
    {
        var id = Guid.NewGuid();
        Assert.Throws<NotSupportedException>(() => Get(id, () => throw new NotSupportedException()));

        var template = Template();

        Assert.Same(template, Get(id, () => template));
    }

    [Fact]
    public void TemplateRegistry_should_end_a_template_that_is_built_when_the_host_has_ended()
    {
        var template = Template();

        Assert.Throws<ObjectDisposedException>(() => Get(Guid.NewGuid(), () =>
        {
            _registry.Dispose();
            return template;
        }));

        Assert.Throws<ObjectDisposedException>(() => template.Load(_ => throw new NotSupportedException()));
        Assert.Equal(0, _registry.Count);
    }

    private static PipelineTemplate Template() => new(new object(), [], null);

    private PipelineTemplate Get(Guid id, Func<PipelineTemplate> build) => _registry.Get(id, typeof(object), build);

    private static T OnAnotherThread<T>(Func<T> act)
    {
        var task = Task.Run(act);
        return task.Wait(Patience) ? task.Result : throw new TimeoutException("The other thread waits for this one.");
    }
}
