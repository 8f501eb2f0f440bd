using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using ZeroCopy.Client.Memory;
using ZeroCopy.Client.SharedMemory;
using ZeroCopy.Client.Tensors;
using ZeroCopy.OpenInference;

namespace ZeroCopy.Client.Grpc;

/// <summary>Calls and answers as messages. The elements of inputs and outputs are not copied.</summary>
internal static class GrpcMessages
{
    /// <exception cref="ArgumentException">A parameter's value is of another type than the protocol has.</exception>
    public static ModelInferRequest Of(InferRequest request)
    {
        var message = new ModelInferRequest
        {
            ModelName = request.Model,
            ModelVersion = request.ModelVersion ?? "",
            Id = request.Id ?? "",
        };
        AddParameters(message.Parameters, request);
        foreach (var input in request.Inputs)
        {
            var tensor = new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.Datatype.ToName() };
            tensor.Shape.AddRange(input.Shape);
            message.Inputs.Add(tensor);
            if (input.SharedMemory is { } slice)
            {
                AddPlace(tensor.Parameters, slice);
            }
            else
            {
                message.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(input.Data));
            }
        }

        foreach (var asked in request.Outputs)
        {
            var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = asked.Name };
            if (asked.ClassCount is { } classes)
            {
                output.Parameters.Add("classification", new InferParameter { Int64Param = classes });
            }

            if (asked.SharedMemory is { } slice)
            {
                AddPlace(output.Parameters, slice);
            }

            message.Outputs.Add(output);
        }

        return message;
    }

    /// <param name="message">The answer.</param>
    /// <param name="request">What it answers, for outputs in shared memory; null where that is not known.</param>
    /// <exception cref="InferenceServerException">It is not an answer of the protocol; the message says where.</exception>
    public static InferResult Of(ModelInferResponse message, InferRequest? request)
    {
        if (message.RawOutputContents.Count > 0 && message.RawOutputContents.Count != message.Outputs.Count)
        {
            throw InferenceServerException.NotProtocol(
                $"it has {message.Outputs.Count} outputs, but elements of {message.RawOutputContents.Count}");
        }

        return new InferResult(
            message.ModelName, NotEmpty(message.ModelVersion), NotEmpty(message.Id),
            [.. message.Outputs.Select((output, index) => Of(output, message.RawOutputContents.ElementAtOrDefault(index), request))],
            memory: null);
    }

    /// <summary>Null for an empty text, which is none in these messages.</summary>
    public static string? NotEmpty(string text) => text.Length == 0 ? null : text;

    private static InferOutput Of(ModelInferResponse.Types.InferOutputTensor output, ByteString? raw, InferRequest? request)
    {
        if (!DatatypeExtensions.TryParse(output.Datatype, out var datatype))
        {
            throw InferenceServerException.NotProtocol($"output '{output.Name}' is of '{output.Datatype}', which is no element type");
        }

        ReadOnlyMemory<byte> data;
        if (output.Parameters.ContainsKey(SharedMemoryParameters.Region))
        {
            output.Parameters.TryGetValue(SharedMemoryParameters.ByteSize, out var size);
            data = (request ?? new InferRequest("")).Written(output.Name, size?.Int64Param ?? 0);
        }
        else
        {
            data = raw?.Memory ?? Elements(output.Contents ?? new InferTensorContents(), datatype);
        }

        return new InferOutput(output.Name, datatype, [.. output.Shape], data, memory: null);
    }

    private static void AddPlace(MapField<string, InferParameter> parameters, SharedMemorySlice slice)
    {
        parameters.Add(SharedMemoryParameters.Region, new InferParameter { StringParam = slice.Region.Name });
        parameters.Add(SharedMemoryParameters.Offset, new InferParameter { Int64Param = slice.Offset });
        parameters.Add(SharedMemoryParameters.ByteSize, new InferParameter { Int64Param = slice.ByteSize });
    }

    private static void AddParameters(MapField<string, InferParameter> parameters, InferRequest request)
    {
        if (request.Timeout is { } timeout && timeout > TimeSpan.Zero)
        {
            parameters.Add("timeout", new InferParameter { Int64Param = Math.Max(1, timeout.Ticks / TimeSpan.TicksPerMicrosecond) });
        }

        if (request.Priority is { } priority)
        {
            parameters.Add("priority", new InferParameter { Uint64Param = priority });
        }

        foreach (var (name, value) in request.Parameters)
        {
            parameters[name] = value switch
            {
                bool boolean => new InferParameter { BoolParam = boolean },
                int number => new InferParameter { Int64Param = number },
                long number => new InferParameter { Int64Param = number },
                ulong number => new InferParameter { Uint64Param = number },
                double number => new InferParameter { DoubleParam = number },
                string text => new InferParameter { StringParam = text },
                _ => throw InferRequest.NoParameter(name, value),
            };
        }
    }

    /// <summary>Elements that a server sends as lists of their type instead of raw.</summary>
    private static byte[] Elements(InferTensorContents contents, Datatype datatype) => datatype switch
    {
        Datatype.Bool => Bytes<bool, bool>(contents.BoolContents, static value => value),
        Datatype.Int8 => Bytes<int, sbyte>(contents.IntContents, static value => (sbyte)value),
        Datatype.Int16 => Bytes<int, short>(contents.IntContents, static value => (short)value),
        Datatype.Int32 => Bytes<int, int>(contents.IntContents, static value => value),
        Datatype.Int64 => Bytes<long, long>(contents.Int64Contents, static value => value),
        Datatype.UInt8 => Bytes<uint, byte>(contents.UintContents, static value => (byte)value),
        Datatype.UInt16 => Bytes<uint, ushort>(contents.UintContents, static value => (ushort)value),
        Datatype.UInt32 => Bytes<uint, uint>(contents.UintContents, static value => value),
        Datatype.UInt64 => Bytes<ulong, ulong>(contents.Uint64Contents, static value => value),
        Datatype.Float32 => Bytes<float, float>(contents.Fp32Contents, static value => value),
        Datatype.Float64 => Bytes<double, double>(contents.Fp64Contents, static value => value),
        Datatype.Bytes => ByteStrings.Encode([.. contents.BytesContents.Select(static text => text.Memory)]),
        _ => [],
    };

    private static byte[] Bytes<TField, T>(RepeatedField<TField> values, Func<TField, T> convert)
        where T : unmanaged =>
        MemoryMarshal.AsBytes<T>(values.Select(convert).ToArray()).ToArray();
}
