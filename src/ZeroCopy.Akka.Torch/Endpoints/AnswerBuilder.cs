using System.Collections.Immutable;
using TorchSharp;
using ZeroCopy.Endpoints;
using ZeroCopy.Errors;
using ZeroCopy.Tensors;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Native;
using ZeroCopy.Torch.Views;

namespace ZeroCopy.Torch.Endpoints;

/// <summary>
/// Makes the answer of a call: outputs that lie where the model put them, where that is on the host and row-major, else in a copy there.
/// </summary>
internal static class AnswerBuilder
{
    /// <summary>The answer. Takes ownership of the result, also where it throws.</summary>
    /// <exception cref="InferenceException">
    /// The result holds something that is no tensor, no number and no text, or is too large.
    /// </exception>
    public static ModelAnswer Build(object? result, string model)
    {
        if (result is HostAnswer host)
        {
            return new ModelAnswer(host.Parts);
        }

        var memory = new AnswerMemory();
        try
        {
            var outputs = ImmutableArray.CreateBuilder<NamedTensor>();
            foreach (var (name, value) in NamedAnswer.Parts(result))
            {
                outputs.Add(value switch
                {
                    torch.Tensor tensor => new NamedTensor(name, memory.Take(name, tensor.ToRowMajor())),
                    HostTensor number => new NamedTensor(name, number),
                    _ => NamedTensor.OfText(name, (string)value),
                });
            }

            return new ModelAnswer(outputs.DrainToImmutable(), memory);
        }
        catch (Exception error)
        {
            memory.Dispose();
            throw error is NotSupportedException ? new InferenceException(InferenceFailure.ModelError, $"{model}: {error.Message}", error)
                : error is InferenceException ? error
                : new InferenceException(
                    InferenceFailure.ModelError, $"{model}: its answer cannot be read: {error.Message.Split('\n')[0]}", error);
        }
        finally
        {
            Answers.Release(result);
        }
    }

    /// <summary>What the outputs of an answer lie in.</summary>
    private sealed class AnswerMemory : IDisposable
    {
        private readonly List<IDisposable> _parts = [];

        /// <summary>Takes over a tensor that is row-major and on the host.</summary>
        public HostTensor Take(string name, torch.Tensor tensor)
        {
            try
            {
                var layout = new TensorLayout(tensor.dtype.ToDType(), TorchNative.Shape(tensor));
                if (layout.ByteLength == 0)
                {
                    tensor.Dispose();
                    return new HostTensor(layout, ReadOnlyMemory<byte>.Empty);
                }

                if (layout.ByteLength > int.MaxValue)
                {
                    throw new NotSupportedException(
                        $"'{name}' of its answer takes {layout.ByteLength} bytes, and an output has at most {int.MaxValue}.");
                }

                var memory = new NativeMemory(tensor, (int)layout.ByteLength);
                _parts.Add(memory);
                return new HostTensor(layout, memory.Memory);
            }
            catch
            {
                tensor.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            foreach (var part in _parts)
            {
                part.Dispose();
            }

            _parts.Clear();
        }
    }
}
