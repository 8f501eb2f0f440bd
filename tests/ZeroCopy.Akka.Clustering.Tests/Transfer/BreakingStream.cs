using Microsoft.AspNetCore.Http;

namespace ZeroCopy.Clustering.Tests.Transfer;

/// <summary>The body of an answer whose connection breaks behind a number of bytes.</summary>
internal sealed class BreakingStream(HttpContext context, long bytes) : Stream
{
    private readonly Stream _body = context.Response.Body;
    private long _left = bytes;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var sent = (int)Math.Min(_left, buffer.Length);
        await _body.WriteAsync(buffer[..sent], cancellationToken);
        await _body.FlushAsync(cancellationToken);
        _left -= sent;
        if (_left == 0)
        {
            context.Abort();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _body.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
