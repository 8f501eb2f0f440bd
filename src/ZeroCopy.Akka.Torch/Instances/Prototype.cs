using TorchSharp;
using ZeroCopy.Errors;

namespace ZeroCopy.Torch.Instances;

/// <summary>
/// A module that is bound once, and only ever cloned: no call runs on it. Where it refuses to be cloned, further instances are built and
/// bound like it was. Thread-safe.
/// </summary>
/// <param name="module">The module; it may be others' prototype, too.</param>
/// <param name="clone">Clones it.</param>
/// <param name="rebuild">Builds a further one; null where nothing here can.</param>
/// <param name="release">Ends the use of <paramref name="module"/>.</param>
internal sealed class Prototype(
    torch.nn.Module module, Func<torch.nn.Module> clone, Func<torch.nn.Module>? rebuild, Action release) : IDisposable
{
    private CloneRefusedException? _refused;

    public torch.nn.Module Module => module;

    /// <summary>Whether a further instance costs milliseconds.</summary>
    public bool Clones => _refused is null;

    /// <summary>A further instance, which the caller releases.</summary>
    /// <exception cref="CloneRefusedException">It cannot be cloned, and nothing here can build it again.</exception>
    public torch.nn.Module NewInstance()
    {
        if (_refused is null)
        {
            try
            {
                return clone();
            }
            catch (CloneRefusedException refused)
            {
                _refused = refused;
            }
        }

        return rebuild is not null
            ? rebuild()
            : throw new CloneRefusedException(
                $"{_refused.Message} Give OpenOptions.Factory, so that each instance is built anew.", _refused);
    }

    public void Dispose() => release();
}
