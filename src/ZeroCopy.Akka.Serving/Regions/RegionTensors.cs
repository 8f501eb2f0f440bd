using System.Buffers.Binary;
using System.Collections.Immutable;
using ZeroCopy.Serving.Protocol;

namespace ZeroCopy.Serving.Regions;

/// <summary>Tensors of requests and answers that lie in shared memory.</summary>
internal static class RegionTensors
{
    /// <summary>A request with the memory of its outputs that are to go to a region, and its inputs.</summary>
    /// <exception cref="RequestException">One does not lie in a region, or its elements are not what it says.</exception>
    public static (InferRequest Request, ImmutableArray<NamedTensor> Inputs) Open(
        this SharedRegions regions, InferRequest request, RequestMemory memory)
    {
        var inputs = ImmutableArray.CreateBuilder<NamedTensor>(request.Inputs.Length);
        foreach (var input in request.Inputs)
        {
            inputs.Add(input.Value ?? BinaryTensor.Of(input, regions.Use(input.Region!, memory)));
        }

        return (regions.OpenOutputs(request, memory), inputs.MoveToImmutable());
    }

    private static InferRequest OpenOutputs(this SharedRegions regions, InferRequest request, RequestMemory memory) =>
        request.Outputs.IsDefault || request.Outputs.All(output => output.Region is null) ? request : request with
        {
            Outputs =
            [
                .. request.Outputs.Select(output => output.Region is { } use ? output with { Target = regions.Use(use, memory) } : output),
            ],
        };

    /// <summary>Writes an output to its memory in a region: a text behind its length.</summary>
    /// <exception cref="RequestException">It has not enough room there.</exception>
    public static void Write(NamedTensor output, RequestedOutput asked)
    {
        var target = asked.Target.Span;
        var size = BinaryTensor.Size(output);
        if (size > target.Length)
        {
            throw new RequestException(
                $"Output '{output.Name}' has {size} bytes, and shared_memory_byte_size gives it {target.Length}.");
        }

        if (output.IsText)
        {
            BinaryPrimitives.WriteInt32LittleEndian(target, output.Data.Length);
            target = target[sizeof(int)..];
        }

        output.Data.Span.CopyTo(target);
    }
}
