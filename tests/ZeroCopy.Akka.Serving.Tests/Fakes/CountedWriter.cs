using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ZeroCopy.Serving.Tests.Fakes;

/// <summary>Counts how often an answer's body is sent on.</summary>
internal sealed class CountedWriter(PipeWriter body) : PipeWriter
{
    public int Flushes { get; private set; }

    /// <summary>Has what the request is answered with from now on counted.</summary>
    public static CountedWriter Watch(HttpContext context)
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var counted = new CountedWriter(body.Writer);
        context.Features.Set<IHttpResponseBodyFeature>(new Body(body, counted));
        return counted;
    }

    public override void Advance(int bytes) => body.Advance(bytes);

    public override void CancelPendingFlush() => body.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => body.Complete(exception);

    public override Memory<byte> GetMemory(int sizeHint = 0) => body.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => body.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Flushes++;
        return body.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Flushes++;
        return body.WriteAsync(source, cancellationToken);
    }

    private sealed class Body(IHttpResponseBodyFeature body, PipeWriter writer) : IHttpResponseBodyFeature
    {
        public Stream Stream => body.Stream;

        public PipeWriter Writer => writer;

        public Task CompleteAsync() => body.CompleteAsync();

        public void DisableBuffering() => body.DisableBuffering();

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            body.SendFileAsync(path, offset, count, cancellationToken);

        public Task StartAsync(CancellationToken cancellationToken = default) => body.StartAsync(cancellationToken);
    }
}
