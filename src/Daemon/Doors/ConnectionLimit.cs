using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace AtomikD.Doors;

/// <summary>
/// How many connections there may be, and how many of one user. A connection costs a descriptor, and where none is left nothing
/// can be committed: so callers together never have more than a quarter of them, and no user shuts out the others.
/// </summary>
internal sealed class ConnectionLimit(TimeProvider time, ILogger logger, int descriptors) : IDoorKeeper
{
    /// <summary>Each call under way costs some 15 KB beside what it sends, each connection carries up to 100.</summary>
    private const int Most = 1024;

    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, int> _byUser = [];
    private readonly int _all = Math.Clamp(descriptors / 4, 16, Most);
    private int _open;
    private long? _told;

    private int OfOneUser => _all / 2;

    /// <summary>However fast they come, no more descriptors are open than the limit says: the next one is accepted when this one is in, or closed.</summary>
    public Peer? TryEnter(Socket caller)
    {
        try
        {
            Peer peer = Peer.Of(caller);
            return TryEnter(peer.Uid) ? peer : null;
        }
        catch (SocketException)
        {
            return null; // It has gone already.
        }
    }

    public void Leave(Peer caller) => Leave(caller.Uid);

    private bool TryEnter(uint uid)
    {
        int ofUser;
        lock (_lock)
        {
            ofUser = _byUser.GetValueOrDefault(uid);
            if (_open < _all && ofUser < OfOneUser)
            {
                _open++;
                _byUser[uid] = ofUser + 1;
                return true;
            }
            // Else who is turned away would fill the log instead.
            if (_told is { } told && time.GetElapsedTime(told) < s_silence)
                return false;
            _told = time.GetTimestamp();
        }
        Log.TurnedAway(logger, uid, ofUser, _open, _all);
        return false;
    }

    private void Leave(uint uid)
    {
        lock (_lock)
        {
            _open--;
            if (--_byUser[uid] == 0)
                _byUser.Remove(uid);
        }
    }
}
