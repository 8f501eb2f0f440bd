using System.Collections.Concurrent;
using ZeroCopy.Manifests;

namespace ZeroCopy.Pipelines;

/// <summary>
/// The templates of one host object: those that this process wrapped, by the wrapper's id, and those that it built for wrappers of other
/// processes, by id and type. Thread-safe.
/// </summary>
/// <param name="host">The type that errors name when the host has ended.</param>
internal sealed class TemplateRegistry(Type host) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, PipelineTemplate> _own = new();
    private readonly ConcurrentDictionary<(Guid Id, Type Type), Lazy<PipelineTemplate>> _built = new();
    private readonly Lock _gate = new();
    private bool _closed;

    /// <summary>Templates that are kept.</summary>
    public int Count => All.Count();

    /// <summary>Keeps the template of a wrapper that this process made, as long as the host object lives.</summary>
    /// <exception cref="ObjectDisposedException">The host has ended; the template was disposed.</exception>
    public void Add(Guid id, PipelineTemplate template)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _own[id] = template;
                return;
            }
        }

        template.Dispose();
        ObjectDisposedException.ThrowIf(true, host);
    }

    /// <summary>
    /// The template of a wrapper; builds it at the first load of that wrapper and type. One that is forgotten while it is built is returned
    /// at its end: nothing can be loaded from it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The host has ended.</exception>
    public PipelineTemplate Get(Guid id, Type type, Func<PipelineTemplate> build)
    {
        if (_own.TryGetValue(id, out var own))
        {
            return own;
        }

        if (_built.TryGetValue((id, type), out var known) && known.IsValueCreated)
        {
            return known.Value;
        }

        // Without the gate: what a caller's factory does may lead to other loads, on other threads too.
        var made = _built.GetOrAdd((id, type), _ => new Lazy<PipelineTemplate>(build));
        var entry = KeyValuePair.Create((id, type), made);
        PipelineTemplate template;
        try
        {
            template = made.Value;
        }
        catch
        {
            // A failure is not remembered: the next load may bring a factory.
            _built.TryRemove(entry);
            throw;
        }

        lock (_gate)
        {
            if (_closed)
            {
                _built.TryRemove(entry);
            }

            if (!_built.Contains(entry))
            {
                template.Dispose();
            }

            ObjectDisposedException.ThrowIf(_closed, host);
        }

        return template;
    }

    /// <summary>Forgets the templates of a wrapper; objects that were loaded from them stay valid.</summary>
    public void Remove(Guid id)
    {
        lock (_gate)
        {
            if (_own.TryRemove(id, out var own))
            {
                own.Dispose();
            }

            foreach (var key in _built.Keys.Where(key => key.Id == id))
            {
                // One that is being built is disposed by who builds it.
                if (_built.TryRemove(key, out var built) && built.IsValueCreated)
                {
                    built.Value.Dispose();
                }
            }
        }
    }

    /// <summary>Whether a template is made of the model.</summary>
    public bool Uses(ModelId model) =>
        All.Any(template => template.Modules.Any(module => module.Entry.Handle.Id == model));

    /// <summary>Disposes what stands in the templates, and what comes too late; objects that were loaded from them stay valid.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var template in All)
            {
                template.Dispose();
            }

            _own.Clear();
            _built.Clear();
        }
    }

    private IEnumerable<PipelineTemplate> All =>
        _own.Values.Concat(_built.Values.Where(built => built.IsValueCreated).Select(built => built.Value));
}
