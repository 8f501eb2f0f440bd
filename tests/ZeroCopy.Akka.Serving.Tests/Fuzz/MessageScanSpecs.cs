using System.Buffers;
using System.Collections;
using System.Reflection;
using Google.Protobuf;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Protocol;
using ZeroCopy.Serving.Rpc;

namespace ZeroCopy.Serving.Tests.Fuzz;

/// <summary>Whatever the parser makes of a message, the scan has counted or refused.</summary>
public sealed class MessageScanSpecs
{
    private const int Rounds = 20_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Count_should_count_all_that_the_parser_makes_of_a_message(int seed)
    {
        var random = new Random(seed);
        var parsed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var message = Message(random, 0);
            message = random.Next(3) == 0 ? Mutation.Of(message, random) : message;
            ModelInferRequest request;
            try
            {
                request = ModelInferRequest.Parser.ParseFrom(message);
            }
            catch (InvalidProtocolBufferException)
            {
                continue;
            }

            (long Parts, long Elements, long ElementBytes) counts;
            try
            {
                counts = MessageScan.Count(Split(message, random));
            }
            catch (RequestException)
            {
                continue;
            }

            parsed++;
            Assert.True(Parts(request) <= counts.Parts, $"{seed}/{round}: {counts} {Parts(request)} {Convert.ToHexString(message)}");
            Assert.True(Elements(request) <= counts.Elements, $"{seed}/{round}: {counts} {request} {Convert.ToHexString(message)}");
            Assert.True(
                ElementBytes(request) <= counts.ElementBytes, $"{seed}/{round}: {counts} {request} {Convert.ToHexString(message)}");
        }

        Assert.True(parsed > Rounds / 10, $"{parsed} messages were counted.");
    }

    /// <summary>Fields of any number and kind, their messages up to the deepest that there are.</summary>
    private static byte[] Message(Random random, int depth)
    {
        var bytes = new List<byte>();
        for (var count = random.Next(5); count > 0; count--)
        {
            var number = random.Next(10) == 0 ? (uint)random.Next(1, 1 << 20) : (uint)random.Next(1, 9);
            var kind = random.Next(40) == 0 ? 3u : depth < 4 && random.Next(3) > 0 ? 2u : (uint[])[0, 1, 2, 5] is var kinds
                ? kinds[random.Next(4)] : 0;
            AddNumber(bytes, (number << 3) | kind, random);
            byte[] value = kind switch
            {
                1 => new byte[8],
                2 => depth < 4 && random.Next(4) > 0 ? Message(random, depth + 1) : new byte[random.Next(3) * random.Next(9)],
                5 => new byte[4],
                _ => [],
            };
            switch (kind)
            {
                case 0:
                    AddNumber(bytes, (uint)random.Next(), random);
                    break;
                case 2:
                    AddNumber(bytes, (uint)value.Length, random);
                    break;
                case 3:
                    AddNumber(bytes, (number << 3) | 4, random);
                    break;
            }

            bytes.AddRange(value);
        }

        return [.. bytes];
    }

    /// <summary>A number of 32 bits, at times with more bytes than it takes, or with bits above them, which the parser drops.</summary>
    private static void AddNumber(List<byte> bytes, uint number, Random random)
    {
        var written = random.Next(20) == 0 ? number | ((ulong)random.Next(1, 1 << 20) << 32) : number;
        var least = random.Next(20) == 0 ? random.Next(1, 11) : 1;
        for (var length = 1; length < least || written >= 0x80; length++)
        {
            bytes.Add((byte)(written | 0x80));
            written >>= 7;
        }

        bytes.Add((byte)written);
    }

    /// <summary>The bytes in two segments, as a message arrives.</summary>
    private static ReadOnlySequence<byte> Split(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length + 1);
        var first = new Segment(bytes.AsMemory(0, at), 0);
        var last = new Segment(bytes.AsMemory(at), at);
        first.Follow(last);
        return new ReadOnlySequence<byte>(first, 0, last, bytes.Length - at);
    }

    private static int Parts(ModelInferRequest request) =>
        request.RawInputContents.Count
        + request.Parameters.Values.Sum(Parameter)
        + request.Inputs.Sum(input => 1 + input.Shape.Count + input.Parameters.Values.Sum(Parameter) + Unknown(input)
            + (input.Contents is { } contents ? 1 + contents.BytesContents.Count + Unknown(contents) : 0))
        + request.Outputs.Sum(output => 1 + output.Parameters.Values.Sum(Parameter) + Unknown(output))
        + Unknown(request);

    private static int Parameter(InferParameter parameter) => 1 + Unknown(parameter);

    private static int ElementBytes(ModelInferRequest request) =>
        request.Inputs.Where(input => input.Contents is not null).Select(input => input.Contents).Sum(contents =>
            contents.BoolContents.Count
            + (4 * (contents.IntContents.Count + contents.UintContents.Count + contents.Fp32Contents.Count))
            + (8 * (contents.Int64Contents.Count + contents.Uint64Contents.Count + contents.Fp64Contents.Count)));

    private static int Elements(ModelInferRequest request) => request.Inputs.Where(input => input.Contents is not null).Sum(input =>
        input.Contents.BoolContents.Count + input.Contents.IntContents.Count + input.Contents.Int64Contents.Count
        + input.Contents.UintContents.Count + input.Contents.Uint64Contents.Count + input.Contents.Fp32Contents.Count
        + input.Contents.Fp64Contents.Count);

    /// <summary>The values of a message's unknown fields, which the library shows nobody.</summary>
    private static int Unknown(IMessage message) => Inside(message, "_unknownFields") is not { } set ? 0
        : ((IDictionary)Inside(set, "fields")!).Values.Cast<object>().Sum(field =>
            ((string[])["varintList", "fixed32List", "fixed64List", "lengthDelimitedList"])
                .Sum(list => ((ICollection?)Inside(field, list))?.Count ?? 0));

    private static object? Inside(object owner, string field) =>
        owner.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> bytes, long at) => (Memory, RunningIndex) = (bytes, at);

        public void Follow(Segment next) => Next = next;
    }
}
