using System.Collections.Immutable;
using ZeroCopy.Serving.Settings;

namespace ZeroCopy.Serving.Protocol;

/// <summary>The outputs that one request asks for, however they came: each once, and not more than the options allow.</summary>
internal sealed class OutputRules(ServingOptions options)
{
    private readonly HashSet<string> _names = [];
    private readonly ImmutableArray<RequestedOutput>.Builder _outputs = ImmutableArray.CreateBuilder<RequestedOutput>();

    /// <summary>The place of the next output.</summary>
    /// <exception cref="RequestException">There are more than the options allow.</exception>
    public FieldPlace Next()
    {
        options.RequireRoom(_outputs.Count, "outputs");
        return new FieldPlace("outputs", _outputs.Count, "");
    }

    /// <exception cref="RequestException">It is asked for already, or is to be written over another one.</exception>
    public void Add(RequestedOutput output)
    {
        if (!_names.Add(output.Name))
        {
            throw new RequestException($"The output '{output.Name}' is asked for twice.");
        }

        if (output.Region is { } use && _outputs.FirstOrDefault(other => other.Region?.Overlaps(use) == true) is { } other)
        {
            throw new RequestException(
                $"The outputs '{other.Name}' and '{output.Name}' have bytes of the region '{use.Region}' in common: shared_memory_offset "
                + "and shared_memory_byte_size must give each its own.");
        }

        _outputs.Add(output);
    }

    /// <summary>All of them; default, which means every output, where there is none.</summary>
    public ImmutableArray<RequestedOutput> All => _outputs.Count == 0 ? default : _outputs.ToImmutable();
}
