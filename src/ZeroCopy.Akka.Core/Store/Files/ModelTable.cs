using System.Diagnostics.CodeAnalysis;
using ZeroCopy.Blocks;
using ZeroCopy.Manifests;

namespace ZeroCopy.Store.Files;

/// <summary>The models of the store, and how many of them refer to each block. Not thread-safe.</summary>
internal sealed class ModelTable
{
    private readonly Dictionary<ModelId, ModelRecord> _models = [];
    private readonly Dictionary<BlockId, int> _uses = [];

    public IReadOnlyCollection<ModelRecord> Models => _models.Values;

    public bool Contains(ModelId model) => _models.ContainsKey(model);

    public bool TryGet(ModelId model, [NotNullWhen(true)] out ModelRecord? record) => _models.TryGetValue(model, out record);

    public bool IsLive(BlockId block) => _uses.ContainsKey(block);

    public bool IsShared(BlockId block) => _uses.GetValueOrDefault(block) > 1;

    public void Add(ModelRecord record)
    {
        if (!_models.TryAdd(record.Id, record))
        {
            return;
        }

        foreach (var block in record.Blocks)
        {
            _uses[block] = _uses.GetValueOrDefault(block) + 1;
        }
    }

    public void Remove(ModelId model)
    {
        if (!_models.Remove(model, out var record))
        {
            return;
        }

        foreach (var block in record.Blocks)
        {
            if (--_uses[block] == 0)
            {
                _uses.Remove(block);
            }
        }
    }
}
