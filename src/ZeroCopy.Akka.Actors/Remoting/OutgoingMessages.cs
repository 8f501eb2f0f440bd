using Akka.Actor;
using ZeroCopy.Actors.Protocol;

namespace ZeroCopy.Actors.Remoting;

/// <summary>
/// Sends an actor's messages; those that no frame holds in parts, one message after the other to each recipient. No more than
/// <see cref="Window"/> parts are under way to one: so much at most stands before a heartbeat. For that actor alone.
/// </summary>
/// <param name="self">The actor.</param>
/// <param name="limit">How large a part is.</param>
internal sealed class OutgoingMessages(IActorRef self, FrameLimit limit)
{
    /// <summary>Most parts that are under way to a recipient.</summary>
    public const int Window = 16;

    /// <summary>One part of so many is acknowledged, and those before it with it.</summary>
    public const int PartsPerReceipt = 4;

    private readonly Dictionary<IActorRef, Lane> _lanes = [];

    /// <summary>Sends a message, now or when those before it have been sent.</summary>
    public void Send(IActorRef to, Parcel parcel)
    {
        if (parcel.Whole is { } whole)
        {
            to.Tell(whole, self);
            return;
        }

        if (!_lanes.TryGetValue(to, out var lane))
        {
            lane = _lanes[to] = new Lane(to, self, limit.PartBytes(to, self));
        }

        lane.Add(parcel);
    }

    /// <summary>A recipient has acknowledged parts.</summary>
    public void OnReceipt(IActorRef from) => _lanes.GetValueOrDefault(from)?.OnReceipt();

    /// <summary>Sends no more of a message.</summary>
    public void Drop(IActorRef to, long id) => _lanes.GetValueOrDefault(to)?.Drop(id);

    /// <summary>Sends nothing more to a recipient.</summary>
    public void Forget(IActorRef to) => _lanes.Remove(to);

    /// <summary>Parts to that address were lost.</summary>
    public void ForgetAt(Address address)
    {
        foreach (var to in _lanes.Keys.Where(to => to.Path.Address == address).ToArray())
        {
            _lanes.Remove(to);
        }
    }

    /// <summary>The messages to one recipient.</summary>
    private sealed class Lane(IActorRef to, IActorRef self, int partBytes)
    {
        private readonly LinkedList<Parcel> _waiting = [];
        private int _offset;
        private int _underWay;
        private int _sinceReceipt;

        public void Add(Parcel parcel)
        {
            _waiting.AddLast(parcel);
            Go();
        }

        public void OnReceipt()
        {
            _underWay = Math.Max(0, _underWay - PartsPerReceipt);
            Go();
        }

        public void Drop(long id)
        {
            for (var node = _waiting.First; node is not null; node = node.Next)
            {
                if (node.Value.Id == id)
                {
                    _offset = node == _waiting.First ? 0 : _offset;
                    _waiting.Remove(node);
                    Go();
                    return;
                }
            }
        }

        private void Go()
        {
            while (_underWay < Window && _waiting.First is { Value: var parcel })
            {
                var data = parcel.Bytes.AsMemory(_offset, Math.Min(partBytes, parcel.Bytes.Length - _offset));
                _sinceReceipt = (_sinceReceipt + 1) % PartsPerReceipt;
                _underWay++;
                var wantsReceipt = _sinceReceipt == 0;
                to.Tell(new MessagePart(parcel.Id, _offset, parcel.Bytes.Length, parcel.Manifest, data, wantsReceipt), self);
                _offset += data.Length;
                if (_offset == parcel.Bytes.Length)
                {
                    _waiting.RemoveFirst();
                    _offset = 0;
                }
            }
        }
    }
}
