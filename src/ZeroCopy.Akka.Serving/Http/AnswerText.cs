using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.Extensions.ObjectPool;

namespace ZeroCopy.Serving.Http;

/// <summary>The JSON of an answer while it is written and sent, in memory that the next answer uses again. Not thread-safe.</summary>
internal sealed class AnswerText : IResettable, IDisposable
{
    /// <summary>Not one of the provider, which disposes of what is too many: that is how they come here.</summary>
    private static readonly ObjectPool<AnswerText> Unused =
        new DefaultObjectPool<AnswerText>(new DefaultPooledObjectPolicy<AnswerText>());

    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    public AnswerText() => Writer = new Utf8JsonWriter(_pipe.Writer, JsonAnswer.WriterOptions);

    /// <summary>Writes it.</summary>
    public Utf8JsonWriter Writer { get; }

    /// <summary>An empty one, until it is disposed.</summary>
    public static AnswerText Rent() => Unused.Get();

    /// <summary>What was written, which ends it.</summary>
    public ReadOnlySequence<byte> End()
    {
        Writer.Flush();
        _pipe.Writer.Complete();
        return _pipe.Reader.TryRead(out var text) ? text.Buffer : default;
    }

    public void Dispose() => Unused.Return(this);

    public bool TryReset()
    {
        _pipe.Writer.Complete();
        _pipe.Reader.Complete();
        _pipe.Reset();
        Writer.Reset(_pipe.Writer);
        return true;
    }
}
