using ZeroCopy.Errors;
using ZeroCopy.Manifests;
using ZeroCopy.Store;
using ZeroCopy.TestSupport;

namespace ZeroCopy.StoreProcess;

/// <summary>
/// Commands: <c>put SEED BYTES [NAME]</c>, <c>stall SEED BYTES</c> (a put that says "stalled" with its file half written and never ends),
/// <c>receive DIRECTORY ID</c> (from that store; says "stalled" with its last block half written and never ends), <c>acquire ID</c>,
/// <c>release</c>, <c>remove ID</c>, <c>resolve NAME</c>. The answer is one line: <c>ok ...</c>, or the error's type and message.
/// </summary>
internal sealed class StoreSession(string directory, TextWriter output) : IDisposable
{
    private readonly ObjectStore _store = ObjectStore.Open(new ObjectStoreOptions { Directory = directory, CapacityBytes = 256 << 20 });
    private ModelLease? _lease;

    public void Run(string line)
    {
        var words = line.Split(' ');
        try
        {
            output.WriteLine("ok " + Answer(words));
        }
        catch (ZeroCopyException e)
        {
            output.WriteLine($"{e.GetType().Name}: {e.Message}");
        }
    }

    public void Dispose()
    {
        _lease?.Dispose();
        _store.Dispose();
    }

    private string Answer(string[] words)
    {
        switch (words[0])
        {
            case "put":
                var options = new PutOptions { Name = words.Length > 3 ? ModelName.Parse(words[3]) : null };
                return _store.PutAsync(
                    SharedModel.Content(int.Parse(words[1]), int.Parse(words[2])), options).GetAwaiter().GetResult().Id.ToString();
            case "stall":
                using (var never = new ManualResetEventSlim())
                {
                    var stalled = new StallOnceWriting(output, never);
                    _store.PutAsync(SharedModel.Content(int.Parse(words[1]), int.Parse(words[2])), null, stalled).GetAwaiter().GetResult();
                }

                return "";
            case "receive":
                using (var other = ObjectStore.Open(new ObjectStoreOptions { Directory = words[1] }))
                using (var lease = other.Acquire(ModelId.Parse(words[2]), "child"))
                {
                    _store.ReceiveAsync(lease.ToOffer(), new StallingBlocks(lease, output)).GetAwaiter().GetResult();
                }

                return "";
            case "acquire":
                _lease = _store.Acquire(ModelId.Parse(words[1]), "child");
                return Convert.ToHexString(_lease.Bytes(_lease.Manifest.Tensors[0].Block)[..8]);
            case "release":
                _lease?.Dispose();
                return "";
            case "remove":
                _store.Remove(ModelId.Parse(words[1]));
                return "";
            case "resolve":
                return _store.Resolve(ModelName.Parse(words[1])).Id.ToString();
            default:
                throw new ArgumentException($"Unknown command '{words[0]}'.");
        }
    }

    private sealed class StallOnceWriting(TextWriter output, ManualResetEventSlim never) : IProgress<PutProgress>
    {
        public void Report(PutProgress value)
        {
            if (value.WrittenBytes >= value.TotalBytes / 2)
            {
                lock (this)
                {
                    output.WriteLine("stalled");
                    never.Wait();
                }
            }
        }
    }
}
